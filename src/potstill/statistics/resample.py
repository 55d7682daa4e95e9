"""How far a figure would move if other rows had been drawn.

Every interval here is over rows: it says nothing of how a training would turn out with another seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate with the percentile interval of its bootstrap."""

    estimate: float
    low: float
    high: float
    confidence: float


class RankedScores:
    """Scores sorted once, so that the average precision of a resample is a few cumulative sums over its counts.

    Equal scores are one threshold, as in scikit-learn's `average_precision_score`.
    """

    def __init__(self, scores: NDArray[np.floating], is_positive: NDArray[np.bool_], weights: Floats) -> None:
        self._order = np.argsort(-scores, kind="stable")
        ranked = scores[self._order]
        self._ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
        self._weights = weights[self._order]
        self._positive = is_positive[self._order]

    def average_precision(self, counts: NDArray[np.integer]) -> float:
        """Weighted average precision where row i stands counts[i] times; 0 where no positive is left."""
        weights = self._weights * counts[self._order]
        found = np.cumsum(weights * self._positive)[self._ends]
        seen = np.cumsum(weights)[self._ends]
        if found[-1] <= 0:
            return 0.0
        precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
        return float(np.sum(np.diff(found, prepend=0.0) * precision) / found[-1])


def resample_counts(labels: NDArray[np.integer], weights: Floats, resamples: int, seed: int) -> list[NDArray[np.int64]]:
    """How often each row stands in each resample, drawn within strata of equal label and weight.

    Strata keep the number of positives, and with it the population's rate, as it is in the sample's design.
    """
    _, strata = np.unique(np.stack([labels.astype(float), weights]), axis=1, return_inverse=True)
    members = [np.flatnonzero(strata == stratum) for stratum in range(int(strata.max()) + 1)]
    rng = np.random.default_rng(seed)
    drawn: list[NDArray[np.int64]] = []
    for _ in range(resamples):
        counts = np.zeros(len(labels), dtype=np.int64)
        for rows in members:
            counts[rows] = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
        drawn.append(counts)
    return drawn


def percentile(estimate: float, values: Floats, confidence: float) -> Interval:
    """The interval that holds the middle `confidence` of `values`."""
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(estimate, float(low), float(high), confidence)


def mean_difference_interval(
    runs: Sequence[Sequence[NDArray[np.floating]]],
    positives: Sequence[NDArray[np.bool_]],
    weights: Floats,
    baselines: Sequence[Sequence[NDArray[np.floating]]] | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """The PR-AUC of `runs` minus that of `baselines`, both means, on the same resamples: a paired interval over rows.

    A run is a list of scores (n,), one for each label in `positives`; its PR-AUC is their mean. Several runs are the
    seeds of one arm, and their PR-AUCs are averaged inside each resample.
    """
    ranked = [_rank(run, positives, weights) for run in runs]
    against = [_rank(run, positives, weights) for run in baselines or []]
    labels = rarest(np.stack(positives))

    def difference(counts: NDArray[np.integer]) -> float:
        return _mean(ranked, counts) - (_mean(against, counts) if against else 0.0)

    values = np.array([difference(counts) for counts in resample_counts(labels, weights, resamples, seed)])
    return percentile(difference(np.ones(len(weights), dtype=np.int64)), values, confidence)


def rarest(positives: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row the number, from 1, of the rarest label that it carries; 0 for none. `positives` is (labels, rows).

    Rows with several labels would make strata of one row if every combination were one; by the rarest the smallest
    label keeps its number of rows.
    """
    counts = positives.sum(axis=1, keepdims=True)
    rarest_of_all = np.where(positives, counts, len(positives[0]) + 1).argmin(axis=0)
    return np.where(positives.any(axis=0), rarest_of_all + 1, 0)


def _rank(
    run: Sequence[NDArray[np.floating]], positives: Sequence[NDArray[np.bool_]], weights: Floats
) -> list[RankedScores]:
    return [RankedScores(scores, positive, weights) for scores, positive in zip(run, positives, strict=True)]


def _mean(runs: list[list[RankedScores]], counts: NDArray[np.integer]) -> float:
    return float(np.mean([label.average_precision(counts) for run in runs for label in run]))
