"""Which arms are as good as the teacher, and what would show it of those that are not."""

from pydantic import BaseModel, ConfigDict

from potstill.analysis.decisions import right
from potstill.analysis.differences import Difference, difference_of
from potstill.analysis.resampled_scores import Measurements, pooled_spreads
from potstill.analysis.results import Arm, StudyResults
from potstill.domain.baselines import TEACHER
from potstill.domain.study_record import COMPRESSED
from potstill.statistics.verdict import ONE_SIDED, Judgement, is_hopeless, judge, mcnemar, what_it_takes


class Disagreement(BaseModel):
    """Rows that one of two models decided rightly and the other did not, at one seed, unweighted; McNemar's p-value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    only_arm: int
    only_teacher: int
    p: float


class VerdictRow(BaseModel):
    """What is said of a compressed arm beside the teacher. `needs_rows` and `needs_seeds` would show it to be as good,
    each with the other left as it is, or else `needs_both`, rows and seeds; `realistic` is False where no number would,
    `hopeless` where the difference itself stands at the margin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    judgement: Judgement
    below: bool
    primary: bool
    difference: Difference
    realistic: bool = False
    needs_rows: int | None = None
    needs_seeds: int | None = None
    needs_both: tuple[int, int] | None = None
    hopeless: bool = False
    disagreements: list[Disagreement] = []


def verdicts(measured: Measurements, picked: str | None, margin: float) -> list[VerdictRow]:
    """The verdict on each compressed arm that no gate refuses. `picked`, chosen on validation, is the primary one."""
    results = measured.results
    teacher = results.arm(TEACHER)
    if teacher is None or not teacher.done or not measured.is_defined:
        return []
    pooled = pooled_spreads(results)
    arms = {arm.name: arm for arm in results.arms if arm.role in COMPRESSED and arm.done and not arm.waived}
    estimates = {name: measured.estimate(arm, teacher, pooled.get(name)) for name, arm in arms.items()}
    rows: list[VerdictRow] = []
    for name, verdict in judge(estimates, picked, margin).items():
        share = ONE_SIDED if name == picked else ONE_SIDED / max(1, len(estimates) - (picked in estimates))
        need = what_it_takes(estimates[name], len(results.labels), margin, share)
        rows.append(
            VerdictRow(
                arm=name, judgement=verdict.judgement, below=verdict.below, primary=name == picked,
                difference=difference_of(arms[name], teacher, estimates[name]), realistic=need is not None,
                hopeless=is_hopeless(estimates[name], margin), needs_rows=need.rows if need else None,
                needs_seeds=need.seeds if need else None, needs_both=need.both if need else None,
                disagreements=_disagreements(results, arms[name], teacher),
            )
        )  # fmt: skip
    return rows


def _disagreements(results: StudyResults, arm: Arm, teacher: Arm) -> list[Disagreement]:
    taught = right(results, teacher.done[0])
    counted = [(run.record.seed, *mcnemar(right(results, run), taught)) for run in arm.done]
    return [
        Disagreement(seed=seed, only_arm=only_arm, only_teacher=only_teacher, p=p)
        for seed, only_arm, only_teacher, p in counted
    ]
