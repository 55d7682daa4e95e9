"""What tuning found, as a page."""

from pydantic import JsonValue

from potstill.domain.tuning import Attempt, Tuning
from potstill.report.sheets import Page, Sheet


def lay_out_tuning(found: Tuning) -> Page:
    """The trials, the best first, and what mattered."""
    best, first = found.best, found.attempts[0]
    answer = (
        f"The best of {len(found.attempts)} trials reaches a validation PR-AUC of {best.pr_auc:.3f}, the usual "
        f"settings, the first trial, {first.pr_auc:.3f}. Each is one seed on {found.rows:,} rows, and the "
        "best of many is partly luck: a study that runs both at fresh seeds tells what was gained."
    )
    ranked = sorted(found.attempts, key=lambda one: (one.given_up, -one.pr_auc))
    settings = list(first.settings)
    body = [[str(one.number), *(_cell(one.settings[name]) for name in settings), _reached(one)] for one in ranked]
    sheets = [Sheet("tuning", "Trials", ["trial", *settings, "validation PR-AUC"], body)]
    if found.importance:
        shares = [[name, f"{share:.0%}"] for name, share in found.importance.items()]
        sheets.append(
            Sheet("tuning", "Of the spread between trials, each setting explains", ["setting", "share"], shares)
        )
    failures = [f"{one.number}: {one.failure}" for one in ranked if one.failure]
    return Page(f"Tuning {found.arm}", answer, sheets, failures)


def _cell(value: JsonValue) -> str:
    if isinstance(value, float):
        return f"{value:.2g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _reached(one: Attempt) -> str:
    return f"{one.pr_auc:.3f}" + (" (given up)" if one.given_up else "")
