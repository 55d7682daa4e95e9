"""How wide a study's intervals will be, before anything is spent."""

from math import sqrt

import numpy as np

from potstill.domain.dataset import Dataset
from potstill.statistics.verdict import Estimate, Spread, half_width
from potstill.study.config import Study

ROWS = 0.06
"""Variance of a difference over test rows, times the positive rows that the test split is worth: .04 to .06 for
students of MiniLM in `docs/results` (assignment and pilot)."""
SEEDS = 0.006
"""Standard deviation of PR-AUC over seeds: .003 to .008 for students of a trained teacher there."""


def expected_half_width(study: Study, data: Dataset) -> float:
    """Half of the 95 % interval of an arm's difference from the teacher, if it varies as the students of
    `docs/results` did: within a factor of two."""
    arms = len([arm for arm in study.all_arms().values() if arm.seeded()])
    seeds = len(study.seeds)
    spread = Spread(SEEDS**2, max(1, arms * (seeds - 1)))
    positives = _positives(data)
    estimate = Estimate(0.0, ROWS / positives, max(1, round(positives) - 1), seeds, spread)
    return half_width(estimate, 1.0, seeds)


def _positives(data: Dataset) -> float:
    """The rows that the test split is worth (Kish's effective size) times the share of the rarest label."""
    weights = data.test.weights
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    shares = [float(np.average(carried, weights=weights)) for carried in data.task.positives(data.test.labels)]
    return max(1.0, effective * min(min(share, 1 - share) for share in shares))


def in_words(study: Study, data: Dataset) -> str:
    """The same as a sentence, with a warning where no verdict is to be expected."""
    half, margin = expected_half_width(study, data), study.rule.margin
    said = f"Expected 95 % interval of an arm's difference: about ± {half:.3f}, the margin is {margin:g}."
    if half <= margin:
        return said
    rows = (half / margin) ** 2
    seeds = " and seeds" if SEEDS / sqrt(len(study.seeds)) > margin / 4 else ""
    return (
        f"{said} Warning: it is wider than the margin, so that even an arm which costs nothing would likely stay "
        f"unresolved. About {rows:.1f} times the test rows{seeds}, or a wider margin, would tell."
    )
