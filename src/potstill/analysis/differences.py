"""How far arms stand apart in test PR-AUC: from the teacher, from their controls, and as the study asks."""

from pydantic import BaseModel, ConfigDict

from potstill.analysis.resampled_scores import Measurements, mean_pr_auc, pooled_spreads
from potstill.analysis.results import Arm
from potstill.domain.baselines import TEACHER
from potstill.statistics.verdict import Estimate, Spread


class Difference(BaseModel):
    """PR-AUC on test of one arm minus another's, mean over the seeds that both have, with its 95 % interval.

    `rows_error` and `seeds_error` are the two parts of the standard error; the latter is None where one seed was run of
    something that seeds change, and then the interval is over rows alone. `question` is what the study asks by it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    against: str
    question: str | None = None
    estimate: float
    low: float
    high: float
    seeds: int
    rows_error: float
    seeds_error: float | None
    own_spread: bool = False


def difference_of(arm: Arm, against: Arm, estimate: Estimate) -> Difference:
    """An estimate with its interval."""
    low, high = estimate.interval()
    spread = estimate.spread
    return Difference(
        arm=arm.name, against=against.name, estimate=estimate.difference, low=low, high=high, seeds=estimate.seeds,
        rows_error=estimate.rows_variance**0.5, own_spread=bool(spread and spread.own),
        seeds_error=(spread.variance / estimate.seeds) ** 0.5 if spread else None,
    )  # fmt: skip


def difference(measured: Measurements, arm: Arm, against: Arm, spread: Spread | None = None) -> Difference:
    """What `measured` estimates, with its interval."""
    return difference_of(arm, against, measured.estimate(arm, against, spread))


def differences(measured: Measurements) -> list[Difference]:
    """The teacher against the better TF-IDF, each arm against the teacher, each student against its control, and the
    pairs that the study's questions name."""
    results = measured.results
    arms, teacher = {arm.name: arm for arm in results.arms if arm.done}, results.arm(TEACHER)
    if teacher is None or not teacher.done or not measured.is_defined:
        return []
    pooled = pooled_spreads(results)
    rows = [
        difference(measured, arm, teacher, pooled.get(arm.name))
        for arm in arms.values()
        if arm.kind not in ("majority", TEACHER)
    ]
    baselines = [arm for arm in arms.values() if arm.kind == "tfidf"]
    if baselines:
        rows.insert(0, difference(measured, teacher, max(baselines, key=mean_pr_auc)))
    controls = [(arm, arms[control_of(name)]) for name, arm in arms.items() if control_of(name) in arms]
    rows += [difference(measured, arm, against) for arm, against in controls if measured.can_compare(arm, against)]
    return rows + _answers(measured, arms)


def control_of(arm: str) -> str:
    """What the arm is called that has the same layers and is trained without the teacher, where a study has it."""
    return f"finetune-{arm}"


def _answers(measured: Measurements, arms: dict[str, Arm]) -> list[Difference]:
    """The differences that the study asks for, of arms that can be compared."""
    return [
        difference(measured, arms[first], arms[second]).model_copy(update={"question": question})
        for question, (first, second) in measured.results.record.rule.questions.items()
        if first in arms and second in arms and measured.can_compare(arms[first], arms[second])
    ]
