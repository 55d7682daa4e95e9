"""The model card of every saved model: a Hugging Face README with its measured figures and what is to be thought of
them."""

from collections.abc import Iterator

from huggingface_hub import EvalResult, ModelCardData

from potstill.analysis.report import Report
from potstill.analysis.results import Arm, Run, StudyResults
from potstill.analysis.subgroups import most_mistaken
from potstill.analysis.verdicts import VerdictRow
from potstill.domain.baselines import TEACHER
from potstill.domain.record import RunRecord
from potstill.domain.study_record import COMPRESSED, declared_languages
from potstill.ledger.files import write_file
from potstill.report.notes import BELOW_TEACHER, WITHIN
from potstill.report.render.markdown import plain

CARD = "README.md"
METRICS = {"pr_auc": ("average_precision", "PR-AUC"), "accuracy": ("accuracy", "accuracy"), "mcc": ("mcc", "MCC")}
"""What stands in the card's index: the measure, the Hub's word for it, ours."""


def write_cards(results: StudyResults, report: Report) -> int:
    """Write the card of every run whose model is there; how many."""
    written = 0
    for arm in results.arms:
        for run in arm.done:
            if (run.folder / "model").is_dir():
                write_file(run.folder / "model" / CARD, card(report, arm, run).encode())
                written += 1
    return written


def card(report: Report, arm: Arm, run: Run) -> str:
    """One card: an index that the Hub reads, then words."""
    name = f"{report.study}: {arm.name}, seed {run.record.seed}"
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="text-classification",
        tags=["potstill"],
        language=list(declared_languages(report.provenance.study)) or None,
        model_name=name,
        eval_results=list(_results(report, run.record)),
    )
    index = data.to_yaml()  # pyright: ignore[reportUnknownMemberType] - one of its arguments has no type
    what = arm.record.description
    head = [f"---\n{index}\n---", f"# {plain(name)}", f"{plain(what[:1].upper() + what[1:])}."]
    parts = [*head, *_words(report, arm, run)]
    return "\n\n".join(parts) + "\n"


def _results(report: Report, record: RunRecord) -> Iterator[EvalResult]:
    measured = record.test.model_dump() if record.test else {}
    for key, (kind, name) in METRICS.items():
        if measured.get(key) is not None:
            yield EvalResult(
                task_type="text-classification", dataset_type=report.study, dataset_name=f"{report.study}, test",
                dataset_split="test", metric_type=kind, metric_name=name, metric_value=round(measured[key], 4),
            )  # fmt: skip


def _words(report: Report, arm: Arm, run: Run) -> Iterator[str]:
    record = run.record
    if record.waived:
        lines = "\n".join(f"- `{gate}`: {plain(why)}" for gate, why in record.waived.items())
        yield f"**Not for use.** Gates were waived to make it:\n\n{lines}"
    if record.layers:
        yield f"Teacher layers kept, counted from 0: {record.layers}."
    yield f"## Verdict\n\n{_verdict(report, arm)}"
    yield f"## Use\n\n{_use(report, record)}"
    yield f"## Limits\n\n{_limits(report, arm)}"
    yield f"## Data\n\n{_data(report)}"


def _verdict(report: Report, arm: Arm) -> str:
    verdict = next((row for row in report.verdicts if row.arm == arm.name), None)
    if arm.kind == TEACHER:
        return f"{_weak(report)}This is the teacher that the study's other models are compared with."
    if verdict is None and arm.waived:
        return "None: gates were waived to make it."
    if verdict is None and arm.role in COMPRESSED:
        return "None: the study asks for none, or its test split defines no PR-AUC."
    if verdict is None:
        return "None: it is in the study as something to compare others with."
    return f"{_weak(report)}{_judged(verdict, report.margin)} {_seeds(arm)}"


def _weak(report: Report) -> str:
    """What speaks against this teacher: as good as a bad model is nothing good."""
    weak = report.advice.weak_teacher
    return f"Beware: {weak.verdict}: {plain(weak.describe())}. " if weak else ""


def _judged(verdict: VerdictRow, margin: float) -> str:
    words = {"as good": "as good as the teacher", "worse": "worse than the teacher by more than the margin"}
    said = words.get(verdict.judgement, "not resolved")
    where = {"as good": f" ({WITHIN})", "unresolved": f" ({BELOW_TEACHER})"}
    below = where.get(verdict.judgement) if verdict.below else ""
    difference = verdict.difference
    if difference.seeds_error is None:
        return (
            f"None: one seed says nothing about others. On these rows this model stands {difference.estimate:+.3f} of "
            f"PR-AUC from the teacher, 95 % interval over rows alone {difference.low:+.3f} to {difference.high:+.3f}."
        )
    return (
        f"Within a margin of {margin:g} of PR-AUC the recipe is **{said}**{below or ''}: {difference.estimate:+.3f}, "
        f"95 % interval {difference.low:+.3f} to {difference.high:+.3f}, over {difference.seeds} seeds."
    )


def _seeds(arm: Arm) -> str:
    seeds = [run.record.seed for run in arm.done]
    return f"The verdict is on the recipe; this is one of its seeds ({', '.join(map(str, seeds))})."


def _use(report: Report, record: RunRecord) -> str:
    labels = plain(", ".join(report.task))
    decision = (
        f"It tells texts apart as {labels}, texts like those it was trained on. The temperature and the threshold that "
        "turn its logits into a decision are in `potstill.json`, fitted on validation rows"
    )
    threshold = record.calibration.threshold
    if threshold:
        decision += (
            f": {plain(report.positive or '')} from a probability of {threshold.value:.3f} ({threshold.rule}), which "
            f"there meant precision {threshold.precision:.2f} and recall {threshold.recall:.2f}"
        )
    return f"{decision}. {record.calibration.pipeline_note()}"


def _limits(report: Report, arm: Arm) -> str:
    lines = [
        "A score says how sure the model is, not how bad a text is. Let a person decide what matters.",
        "The figures hold for texts like the test rows; on other places, languages and years they are unknown.",
        *report.notes,
    ]
    worst = most_mistaken(report.subgroups) if arm.name == report.picked else None
    if worst:
        lines.append(
            f'Harmless texts that mention "{worst.group}" are the ones most mistaken for {report.positive}: BPSN AUC '
            f"{worst.arm.bpsn:.3f} in {worst.source}, mean over its seeds."
        )
    return "\n".join(f"- {plain(line)}" for line in lines)


def _data(report: Report) -> str:
    rows = [f"- {split}: {count:,} rows" for split, count in report.provenance.rows.items()]
    prints = [f"- {plain(source)}: `{digest}`" for source, digest in report.provenance.fingerprints.items()]
    return "\n".join(rows + prints)
