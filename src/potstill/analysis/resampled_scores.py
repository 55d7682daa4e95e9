"""Every run measured on the same resamples of the test rows, so that differences of runs have intervals."""

from functools import cached_property
from statistics import mean

import numpy as np

from potstill.analysis.results import Arm, Run, StudyResults
from potstill.domain.predictor import ranked_scores
from potstill.statistics.resample import Floats, Resamples, draw_resamples
from potstill.statistics.verdict import NO_SEEDS, Estimate, Spread, estimate_of, spreads

RESAMPLES = 400
"""The variance over rows comes from so many: its own standard error is 7 % of it."""
TIE = 1e-9
"""Two sums of the same numbers in another order differ by less."""


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
            scores = ranked_scores(run.logits, self.results.task)
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

    def above_chance(self, arm: Arm) -> Estimate:
        """The first run of an arm minus a model that tells no row from another, whose PR-AUC is the share of positives:
        over rows alone."""
        constant = [np.zeros(len(self.results.labels))] * len(self._positives)
        chance = self._drawn.pr_auc(constant, self._positives, self.results.weights)
        return estimate_of(np.array([self._line(arm.done[0]) - chance]), self._drawn.freedom, NO_SEEDS)

    def _differences(self, arm: Arm, against: Arm) -> list[Floats]:
        """Of each seed that both have; a run that no seed changes stands beside every one of the other arm's."""
        minuends = {run.record.seed: self._line(run) for run in arm.done}
        subtrahends = {run.record.seed: self._line(run) for run in against.done}
        if not against.seeded:
            return [minuend - line for minuend in minuends.values() for line in list(subtrahends.values())[:1]]
        if not arm.seeded:
            return [line - subtrahend for line in list(minuends.values())[:1] for subtrahend in subtrahends.values()]
        return [minuends[seed] - subtrahends[seed] for seed in minuends if seed in subtrahends]

    def can_compare(self, arm: Arm, against: Arm) -> bool:
        """Whether there are runs of both to hold against each other, and the metric is defined."""
        return self.is_defined and bool(self._differences(arm, against))

    @property
    def is_defined(self) -> bool:
        """Whether every label that is ranked by has rows on test with it and without it."""
        return all(positive.any() and not positive.all() for positive in self._positives)


def pooled_spreads(results: StudyResults) -> dict[str, Spread]:
    """The variance over seeds for each arm, pooled over those that no gate refuses: an arm that a waiver let through
    may vary as no other does, and keeps its own."""
    reached = {arm.name: pr_aucs(arm) for arm in results.arms if arm.seeded}
    sound = {arm.name: reached[arm.name] for arm in results.arms if arm.name in reached and not arm.waived}
    alone = [spreads({name: values}) for name, values in reached.items() if name not in sound]
    return spreads(sound) | {name: spread for by_arm in alone for name, spread in by_arm.items()}


def pr_aucs(arm: Arm) -> list[float]:
    """The PR-AUC on test of each seed, 0 where it is undefined."""
    tests = [run.record.test for run in arm.done]
    return [(test.pr_auc or 0.0) if test else 0.0 for test in tests]


def mean_pr_auc(arm: Arm) -> float:
    """Mean test PR-AUC over the arm's seeds; 0 for a seed where it is undefined."""
    return mean(pr_aucs(arm))
