"""How far a figure would move if other rows had been drawn.

Every interval here is over rows: what another seed would do to a training is in `verdict`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.uint16]
FEWEST = 20
AT_ONCE = 1 << 18
"""Numbers of resampled rows that are worked on together: few enough to stay near the processor."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the percentile interval of its bootstrap."""

    estimate: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class Resamples:
    """How often each of n rows stands in each of B resamples, the same for every model that is measured on the rows.

    `counts` is (B + 1, n); its first line is the sample as it is. `freedom` are the degrees of freedom of
    a variance over the resamples: the units with a label or without it, whichever are fewest, less one.
    """

    counts: Counts
    freedom: int

    def pr_auc(
        self, run: Sequence[NDArray[np.floating]], positives: Sequence[NDArray[np.bool_]], weights: Floats
    ) -> Floats:
        """The PR-AUC of one run on each line of `counts`: (B + 1,). A run is a list of scores (n,), one for each
        label in `positives`, and its PR-AUC is their mean."""
        each = [
            average_precisions(scores, positive, weights, self.counts)
            for scores, positive in zip(run, positives, strict=True)
        ]
        return np.mean(each, axis=0)


def average_precisions(
    scores: NDArray[np.floating], is_positive: NDArray[np.bool_], weights: Floats, counts: NDArray[np.integer]
) -> Floats:
    """Weighted average precision for each line of `counts` (B, n), where row i stands counts[line, i] times: (B,); 0
    where no positive is left.

    Scores are sorted once, and precision is asked for at the positives alone, from running sums. Equal scores are one
    threshold, as in scikit-learn's `average_precision_score`.
    """
    order = np.argsort(-scores, kind="stable")
    falling, positive = -scores[order], np.flatnonzero(is_positive[order])
    averages = np.zeros(len(counts))
    if not len(positive):
        return averages
    ends = np.searchsorted(falling, falling[positive], side="right") - 1  # the last row at each positive's threshold,
    tops = np.searchsorted(positive, ends, side="right") - 1  # and the last positive there
    rows = order[: ends[-1] + 1]
    step = max(1, AT_ONCE // len(scores))
    for start in range(0, len(averages), step):
        drawn = counts[start : start + step].take(rows, axis=1) * weights[rows]
        gains = drawn[:, positive]
        above, seen = np.cumsum(gains, axis=1)[:, tops], np.cumsum(drawn, axis=1)[:, ends]
        shares = np.divide(above, seen, out=np.zeros_like(above), where=seen > 0)
        sums, total = (gains * shares).sum(axis=1), above[:, -1]
        averages[start : start + step] = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
    return averages


def draw_resamples(
    positives: Sequence[NDArray[np.bool_]],
    weights: Floats,
    groups: NDArray[np.integer] | None = None,
    *,
    count: int,
    seed: int,
) -> Resamples:
    """Resamples of rows, or of whole groups where `groups` (n,) numbers them, within strata of equal label and weight,
    where those are not too small.

    Strata keep the number of positives, and with it the population's rate, as it is in the sample's design. A group
    stands in the stratum of its rarest label and its first row's weight.
    """
    rows = _strata(rarest(np.stack(positives)), weights)
    unit = np.arange(len(weights)) if groups is None else np.unique(groups, return_inverse=True)[1]
    _, first = np.unique(unit, return_index=True)
    rows = np.unique(rows, return_inverse=True)[1]
    strata = rows[first] if groups is None else _of_groups(rows, unit, len(first))
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    rng = np.random.default_rng(seed)
    counts = np.ones((count + 1, len(weights)), dtype=np.uint16)
    drawn = np.zeros(len(first), dtype=np.uint16)
    for line in counts[1:]:
        for units in members:
            drawn[units] = np.bincount(rng.integers(len(units), size=len(units)), minlength=len(units))
        line[:] = drawn[unit]
    return Resamples(counts, max(1, _fewest(positives, unit) - 1))


def _fewest(positives: Sequence[NDArray[np.bool_]], unit: NDArray[np.integer]) -> int:
    """The fewest units that have a label, or lack one: a PR-AUC of many rows hangs on few that are positive."""
    return min(len(np.unique(unit[rows])) for positive in positives for rows in (positive, ~positive))


def _strata(labels: NDArray[np.int64], weights: Floats) -> NDArray[np.int64]:
    """The number of each row's stratum: its label and weight, or its label alone where fewer than `FEWEST` rows share
    both. A stratum of one row would draw itself every time, and where all weights differ nothing would vary."""
    _, pairs, counts = np.unique(
        np.stack([labels.astype(float), weights]), axis=1, return_inverse=True, return_counts=True
    )
    return np.where(counts[pairs] < FEWEST, -1 - labels, pairs)


def _of_groups(strata: NDArray[np.integer], unit: NDArray[np.integer], units: int) -> NDArray[np.int64]:
    """The stratum of each group: of its rows' strata the one that has the fewest rows in all."""
    rarity = np.argsort(np.argsort(-np.bincount(strata), kind="stable"), kind="stable")
    rarest_stratum = np.zeros(units, dtype=np.int64)
    np.maximum.at(rarest_stratum, unit, rarity[strata])
    return rarest_stratum


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
    """The PR-AUC of `runs` minus that of `baselines`, both means, on the same resamples: a paired interval over rows,
    of what its middle `confidence` holds.

    A run is a list of scores (n,), one for each label in `positives`. Several runs are averaged inside each resample.
    """
    drawn = draw_resamples(positives, weights, count=resamples, seed=seed)
    values = np.mean([drawn.pr_auc(run, positives, weights) for run in runs], axis=0)
    if baselines:
        values = values - np.mean([drawn.pr_auc(run, positives, weights) for run in baselines], axis=0)
    low, high = np.quantile(values[1:], [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(values[0]), float(low), float(high), confidence)


def rarest(positives: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row the number, from 1, of the rarest label that it carries; 0 for none. `positives` is (labels, rows).

    Rows with several labels would make strata of one row if every combination were one; by the rarest the smallest
    label keeps its number of rows.
    """
    counts = positives.sum(axis=1, keepdims=True)
    rarest_of_all = np.where(positives, counts, len(positives[0]) + 1).argmin(axis=0)
    return np.where(positives.any(axis=0), rarest_of_all + 1, 0)
