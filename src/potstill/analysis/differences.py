"""Which arms are as good as the teacher: every run measured on the same resamples, then judged."""

from functools import cached_property
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from potstill.domain.predictor import alike, decide, ranked_scores
from potstill.report.results import COMPRESSED, Arm, Run, StudyResults
from potstill.statistics.resample import Floats, Resamples, draw_resamples
from potstill.statistics.verdict import (
    NO_SEEDS,
    ONE_SIDED,
    Estimate,
    Judgement,
    Spread,
    estimate_of,
    is_hopeless,
    judge,
    mcnemar,
    spreads,
    what_it_takes,
)

RESAMPLES = 400
"""The variance over rows comes from so many: its own standard error is 7 % of it."""


class Difference(BaseModel):
    """PR-AUC on test of one arm minus another's, mean over the seeds that both have, with its 95 % interval.

    `rows_error` and `seeds_error` are the two parts of the standard error; the latter is None where one seed was run of
    something that seeds change, and then the interval is over rows alone. `question` is what the study asks by it.
    """

    model_config = ConfigDict(extra="forbid")

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


class Disagreement(BaseModel):
    """Rows that one of two models decided rightly and the other did not, at one seed, unweighted; McNemar's p-value."""

    model_config = ConfigDict(extra="forbid")

    seed: int
    only_arm: int
    only_teacher: int
    p: float


class ArmVerdict(BaseModel):
    """What is said of a compressed arm beside the teacher. `needs_rows` and `needs_seeds` would show it to be as good,
    each with the other left as it is, or else `needs_both`, rows and seeds; `realistic` is False where no number would,
    `hopeless` where the difference itself stands at the margin."""

    model_config = ConfigDict(extra="forbid")

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


class Measurements:
    """The PR-AUC of every run of a study on the same resamples of its test rows."""

    def __init__(self, results: StudyResults, resamples: int = RESAMPLES) -> None:
        self.results = results
        self._positives = results.task.positives(results.labels)
        self._count = resamples
        self._lines: dict[tuple[str, int], Floats] = {}

    @cached_property
    def _drawn(self) -> Resamples:
        results = self.results
        return draw_resamples(self._positives, results.weights, results.groups, count=self._count, seed=0)

    def _line(self, run: Run) -> Floats:
        """The PR-AUC on the sample as it is, then on each resample."""
        key = (run.record.arm, run.record.seed)
        if key not in self._lines:
            assert run.test is not None, "only runs that finished are measured"
            scores = ranked_scores(run.test, self.results.task)
            self._lines[key] = self._drawn.pr_auc(scores, self._positives, self.results.weights)
        return self._lines[key]

    def estimate(self, arm: Arm, against: Arm, spread: Spread | None = None) -> Estimate:
        """The difference of two arms, within the same seed where both have several.

        `spread` is the variance over seeds of one such difference; None takes that of these seeds, where there are two.
        """
        lines = self._differences(arm, against)
        if not arm.seeded and not against.seeded:
            spread = NO_SEEDS
        elif spread is None or len(lines) < 2:
            spread = spreads({arm.name: [float(line[0]) for line in lines]}).get(arm.name)
        return estimate_of(np.array(lines), self._drawn.freedom, spread)

    def _differences(self, arm: Arm, against: Arm) -> list[Floats]:
        """Of each seed that both have; a run that no seed changes stands beside every one of the other's."""
        ones = {run.record.seed: self._line(run) for run in arm.done}
        others = {run.record.seed: self._line(run) for run in against.done}
        if not against.seeded:
            return [one - other for one in ones.values() for other in list(others.values())[:1]]
        if not arm.seeded:
            return [one - other for one in list(ones.values())[:1] for other in others.values()]
        return [ones[seed] - others[seed] for seed in ones if seed in others]

    def can_compare(self, arm: Arm, against: Arm) -> bool:
        """Whether there are runs of both to hold against each other, and the metric is defined."""
        return self.is_defined and bool(self._differences(arm, against))

    @property
    def is_defined(self) -> bool:
        """Whether every label that is ranked by has rows on test with it and without it."""
        return all(found.any() and not found.all() for found in self._positives)

    def difference(self, arm: Arm, against: Arm, spread: Spread | None = None) -> Difference:
        """The same, with its interval."""
        return _difference(arm, against, self.estimate(arm, against, spread))


def _difference(arm: Arm, against: Arm, found: Estimate) -> Difference:
    low, high = found.interval()
    return Difference(
        arm=arm.name, against=against.name, estimate=found.difference, low=low, high=high, seeds=found.seeds,
        rows_error=found.rows_variance**0.5, own_spread=bool(found.spread and found.spread.own),
        seeds_error=(found.spread.variance / found.seeds) ** 0.5 if found.spread else None,
    )  # fmt: skip


def differences(measured: Measurements) -> list[Difference]:
    """Each arm against the teacher, the teacher against the better TF-IDF, each student against its control, and the
    pairs that the study's questions name."""
    results = measured.results
    arms, teacher = {arm.name: arm for arm in results.arms if arm.done}, results.arm("teacher")
    if teacher is None or not teacher.done or not measured.is_defined:
        return []
    pooled = pooled_spreads(results)
    found = [
        measured.difference(arm, teacher, pooled.get(arm.name))
        for arm in arms.values()
        if arm.kind not in ("majority", "teacher")
    ]
    baselines = [arm for arm in arms.values() if arm.kind == "tfidf"]
    if baselines:
        found.insert(0, measured.difference(teacher, max(baselines, key=test_pr_auc)))
    controls = [(arm, arms[f"finetune-{name}"]) for name, arm in arms.items() if f"finetune-{name}" in arms]
    found += [measured.difference(arm, against) for arm, against in controls if measured.can_compare(arm, against)]
    asked: dict[str, tuple[str, str]] = results.summary["rule"].get("questions", {})
    for question, (one, other) in asked.items():
        if one in arms and other in arms and measured.can_compare(arms[one], arms[other]):
            found.append(measured.difference(arms[one], arms[other]).model_copy(update={"question": question}))
    return found


def pooled_spreads(results: StudyResults) -> dict[str, Spread]:
    """The variance over seeds for each arm, pooled over those that no gate refuses: an arm that a waiver let through
    may vary as no other does, and keeps its own."""
    reached = {arm.name: pr_aucs(arm) for arm in results.arms if arm.seeded}
    sound = {arm.name: reached[arm.name] for arm in results.arms if arm.name in reached and not arm.waived}
    alone = [spreads({name: values}) for name, values in reached.items() if name not in sound]
    return spreads(sound) | {name: spread for one in alone for name, spread in one.items()}


def verdicts(measured: Measurements, picked: str | None, margin: float) -> list[ArmVerdict]:
    """The verdict on each compressed arm that no gate refuses. `picked`, chosen on validation, is the primary one."""
    results = measured.results
    teacher = results.arm("teacher")
    if teacher is None or not teacher.done or not measured.is_defined:
        return []
    pooled = pooled_spreads(results)
    arms = {arm.name: arm for arm in results.arms if arm.role in COMPRESSED and arm.done and not arm.waived}
    estimates = {name: measured.estimate(arm, teacher, pooled.get(name)) for name, arm in arms.items()}
    found: list[ArmVerdict] = []
    for name, verdict in judge(estimates, picked, margin).items():
        share = ONE_SIDED if name == picked else ONE_SIDED / max(1, len(estimates) - (picked in estimates))
        need = what_it_takes(estimates[name], len(results.labels), margin, share)
        found.append(
            ArmVerdict(
                arm=name, judgement=verdict.judgement, below=verdict.below, primary=name == picked,
                difference=_difference(arms[name], teacher, estimates[name]), realistic=need is not None,
                hopeless=is_hopeless(estimates[name], margin), needs_rows=need.rows if need else None,
                needs_seeds=need.seeds if need else None, needs_both=need.both if need else None,
                disagreements=_disagreements(results, arms[name], teacher),
            )
        )  # fmt: skip
    return found


def _disagreements(results: StudyResults, arm: Arm, teacher: Arm) -> list[Disagreement]:
    taught = right(results, teacher.done[0])
    counted = [(run.record.seed, *mcnemar(right(results, run), taught)) for run in arm.done]
    return [Disagreement(seed=seed, only_arm=one, only_teacher=two, p=p) for seed, one, two, p in counted]


def right(results: StudyResults, run: Run) -> NDArray[np.bool_]:
    """Of each test row, whether it was decided rightly: all its labels, where it can carry several."""
    assert run.test is not None, "only runs that finished decided anything"
    return alike(decide(run.test, run.record.calibration, results.task), results.labels)


def pr_aucs(arm: Arm) -> list[float]:
    """The PR-AUC on test of each seed, 0 where it is undefined."""
    tests = [run.record.test for run in arm.done]
    return [(test.pr_auc or 0.0) if test else 0.0 for test in tests]


def test_pr_auc(arm: Arm) -> float:
    """Mean test PR-AUC over the arm's seeds; 0 for a seed where it is undefined."""
    return mean(pr_aucs(arm))
