"""The notes below a report's tables: what the marks mean, what each arm is, and how the figures were worked out."""

from collections.abc import Iterator

from potstill.analysis.report import Report
from potstill.analysis.rows import Row, ShippedThreshold
from potstill.report.tables.quality import NOT_ABOVE_MAJORITY, WAIVED
from potstill.report.tables.subgroups import AREAS

HOLM = (
    "The picked arm is judged by its interval, the others by Holm's method on one-sided p-values, so that many arms "
    'are not many chances of a false "as good". The intervals of the others are shown unadjusted.'
)
ASKED = "Each question is answered by its own interval; of twenty such intervals about one misses the true value."
BELOW_TEACHER = "below the teacher, but not shown to be so by more than the margin"
WITHIN = "below the teacher, by less than the margin"
LORA = (
    "LoRA makes *training* cheaper: far fewer parameters are trained. Merged, the model has the size and the speed of "
    "the teacher."
)
INTERVALS = (
    "A 95 % interval holds, in 95 of 100 studies like this one, the difference that the recipe has on average over "
    "seeds and over all texts that the test rows were drawn from. It adds two variances, over resampled rows and over "
    "seeds (Student's t). Where one seed was run of a recipe that depends on the seed, it covers rows alone."
)
COUNTED = (
    'Layers are numbered from 0; "even" are the second, the fourth and so on, "odd" the first, the third and so on.'
)
EPOCHS = (
    "epoch acc.: accuracy on a fixed sample of validation rows, by the largest logit, averaged over the epochs. It "
    "does not describe the finished model; it is shown because some papers publish it as if it did."
)


def notes_of(report: Report) -> list[str]:
    """All notes, in reading order."""
    lines = [*_marks(report), *_arms(report), *_failures(report), *_methods(report), *report.account]
    lines += [f"Note: {note}" for note in [*report.notes, *report.warnings]]
    return [
        *lines,
        f"potstill {report.version} on {report.machine}. Speed (texts/s) is that of the lab's own evaluation loop.",
    ]


def _marks(report: Report) -> Iterator[str]:
    """What the marks in the first table stand for."""
    marked = [row.arm for row in report.rows if row.not_above_majority]
    if marked:
        yield f"{NOT_ABOVE_MAJORITY} accuracy not above the majority class's: {', '.join(marked)}."
    yield from _one_sided(report)
    for (gate, why), arms in _waived(report).items():
        yield f"{WAIVED} {gate} waived for {', '.join(arms)}: {why}."
    if any("sampled_accuracy" in row.figures for row in report.rows):
        yield EPOCHS


def _one_sided(report: Report) -> Iterator[str]:
    """Arms that never answer some label, which a PR-AUC does not show."""
    arms: dict[tuple[str, ...], list[str]] = {}
    for row in report.rows:
        if row.never:
            arms.setdefault((*row.never, "all alike" if row.constant else ""), []).append(row.arm)
    for (*labels, alike), names in arms.items():
        never = " or ".join(f'"{label}"' for label in labels)
        said = f"{never} is the answer to no test row of {', '.join(names)}"
        yield f"{said}: every row there gets the same answer." if alike else f"{said}."


def _waived(report: Report) -> dict[tuple[str, str], list[str]]:
    """The arms of each gate that was waived, with the reason."""
    arms: dict[tuple[str, str], list[str]] = {}
    for row in report.rows:
        for waiver in row.waived.items():
            arms.setdefault(waiver, []).append(row.arm)
    return arms


def _arms(report: Report) -> Iterator[str]:
    """What each arm is, and how it decides and was trained."""
    yield from (f"{row.arm}: {row.description}." for row in report.rows)
    for row in report.rows:
        if row.thresholds and row.temperature is not None and row.kind != "majority":
            threshold = threshold_text(row)
            yield f"{row.arm}: temperature {row.temperature:.2f}, threshold {threshold} on validation (first seed)."
    yield from _learning_rates(report)
    yield from (f"{row.arm}: {line}" for row in report.rows for line in row.audit)


def threshold_text(row: Row) -> str:
    """The threshold, or that of each label."""
    return "; ".join(_threshold(threshold) for threshold in row.thresholds)


def _threshold(threshold: ShippedThreshold) -> str:
    means = f"precision {threshold.precision:.2f}, recall {threshold.recall:.2f}"
    return f"{f'{threshold.label} ' if threshold.label else ''}{threshold.value:.3f} ({threshold.rule}): {means}"


def _learning_rates(report: Report) -> Iterator[str]:
    """One line for each learning rate, with the arms that were trained with it."""
    arms: dict[float, list[str]] = {}
    for row in report.rows:
        if row.learning_rate and row.kind != "untrained":
            arms.setdefault(row.learning_rate, []).append(row.arm)
    yield from (f"Learning rate {rate:g}: {', '.join(names)}." for rate, names in sorted(arms.items()))


def _failures(report: Report) -> Iterator[str]:
    """What is missing from the tables."""
    for row in report.rows:
        yield from (f"{row.arm}, {seed}: failed: {why}" for seed, why in row.failures.items())
    for row in report.rows:
        if row.missing:
            yield f"{row.arm}: seeds {row.missing} have not been run yet."


def _methods(report: Report) -> Iterator[str]:
    """How layers are counted, what intervals hold, how verdicts are given."""
    if report.layers:
        yield COUNTED
    if any(row.kind == "lora" for row in report.rows):
        yield LORA
    for agreement in report.rank_agreement:
        yield (
            f"Over {agreement.choices} choices of {agreement.num_layers} layers, how near they were to the teacher "
            f"before any training and the {agreement.split} PR-AUC that they reached have a Spearman rank correlation "
            f"of {agreement.estimate:.2f} (95 % interval {agreement.low:.2f} to {agreement.high:.2f})."
        )
    if report.differences:
        yield INTERVALS
    if any(difference.question for difference in report.differences):
        yield ASKED
    if report.subgroups:
        yield AREAS
    if len(report.verdicts) > 1:
        yield HOLM
    below = {verdict.judgement for verdict in report.verdicts if verdict.below}
    if "as good" in below:
        yield f'"as good, below" means {WITHIN}.'
    if "unresolved" in below:
        yield f'"unresolved, below" means {BELOW_TEACHER}.'
