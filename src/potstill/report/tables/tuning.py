"""What tuning a LoRA arm showed."""

from pydantic import JsonValue

from potstill.domain.tuning import Attempt, Tuning
from potstill.report.tables.table import Document, Table


def build_tuning_document(tuning: Tuning) -> Document:
    """The trials, the best first, and what mattered."""
    best, first = tuning.best, tuning.attempts[0]
    answer = (
        f"The best of {len(tuning.attempts)} trials reaches a validation PR-AUC of {best.pr_auc:.3f}, the usual "
        f"settings, the first trial, {first.pr_auc:.3f}. Each is one seed on {tuning.rows:,} rows, and the "
        "best of many is partly luck: a study that runs both at fresh seeds tells what was gained."
    )
    ranked = sorted(tuning.attempts, key=lambda attempt: (attempt.given_up, -attempt.pr_auc))
    settings = list(first.settings)
    body = [
        [str(attempt.number), *(_cell(attempt.settings[name]) for name in settings), _reached(attempt)]
        for attempt in ranked
    ]
    tables = [Table("tuning", "Trials", ["trial", *settings, "validation PR-AUC"], body)]
    if tuning.importance:
        shares = [[name, f"{share:.0%}"] for name, share in tuning.importance.items()]
        title = "Share of the spread between trials that each setting explains"
        tables.append(Table("tuning", title, ["setting", "share"], shares))
    failures = [f"{attempt.number}: {attempt.failure}" for attempt in ranked if attempt.failure]
    return Document(f"Tuning {tuning.arm}", answer, tables, failures)


def _cell(value: JsonValue) -> str:
    if isinstance(value, float):
        return f"{value:.2g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _reached(attempt: Attempt) -> str:
    return f"{attempt.pr_auc:.3f}" + (" (given up)" if attempt.given_up else "")
