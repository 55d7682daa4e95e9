from typing import Any, cast

import numpy as np
import pytest
from sklearn import metrics  # pyright: ignore[reportMissingTypeStubs]

from potstill.statistics.resample import (
    Interval,
    average_precisions,
    draw_resamples,
    mean_difference_interval,
    rarest,
)

SKLEARN = cast(Any, metrics)


def sample(rows: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < 0.3
    scores = np.round(rng.normal(size=rows) + positive, 1)  # rounded: many ties
    return scores, positive, np.where(positive, 1.0, 8.3556)


def pr_auc_interval(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Interval:
    scores, positive, weights = rows
    return mean_difference_interval([[scores]], [positive], weights, resamples=200)


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_scikit_learns_with_ties_weights_and_counts(seed: int) -> None:
    scores, positive, weights = sample(seed=seed)
    counts = np.random.default_rng(seed).integers(0, 3, size=(4, len(scores)))
    expected = [SKLEARN.average_precision_score(positive, scores, sample_weight=weights * line) for line in counts]
    assert average_precisions(scores, positive, weights, counts) == pytest.approx(expected, abs=1e-12)


def test_a_resample_without_a_positive_has_no_precision() -> None:
    scores, positive, weights = sample(40)
    assert average_precisions(scores, positive, weights, np.where(positive, 0, 1)[None]).tolist() == [0]
    assert average_precisions(scores, ~(positive | True), weights, np.ones((2, 40), dtype=int)).tolist() == [0, 0]


def test_resamples_keep_every_stratum_at_its_size() -> None:
    positive = np.arange(80) >= 60
    weights = np.array([1.0] * 30 + [2.0] * 30 + [1.0] * 20)
    drawn = draw_resamples([positive], weights, count=5, seed=0)
    assert (drawn.counts[0] == 1).all()
    assert drawn.freedom == 19  # of the positive rows
    for counts in drawn.counts[1:]:
        assert [counts[:30].sum(), counts[30:60].sum(), counts[60:].sum()] == [30, 30, 20]
    assert len(np.unique(drawn.counts, axis=0)) == 6


def test_weights_that_all_differ_do_not_hide_the_spread_of_rows() -> None:
    scores, positive, _ = sample(600)
    rng = np.random.default_rng(0)
    spreads: list[float] = []
    for weights in (np.ones(600), 1 + rng.random(600)):
        drawn = draw_resamples([positive], weights, count=200, seed=0)
        spreads.append(drawn.pr_auc([scores], [positive], weights)[1:].std())
        assert drawn.freedom == min(positive.sum(), (~positive).sum()) - 1
    assert spreads[1] == pytest.approx(spreads[0], rel=0.25)


def test_a_group_is_drawn_whole_beside_those_with_its_rarest_label() -> None:
    positive = np.array([0, 1, 0, 0, 0, 0, 1, 0, 0, 0], dtype=bool)
    groups = np.array([7, 7, 7, 3, 3, 4, 5, 5, 6, 9])
    drawn = draw_resamples([positive], np.ones(10), groups, count=50, seed=0)
    assert drawn.freedom == 1  # two of six groups have a positive row
    for counts in drawn.counts:
        assert len(set(counts[:3])) == len(set(counts[3:5])) == len(set(counts[6:8])) == 1
        assert counts[1] + counts[6] == 2


def test_an_interval_holds_its_estimate_and_narrows_with_rows() -> None:
    small = pr_auc_interval(sample(200))
    large = pr_auc_interval(sample(5000))
    assert small.low < small.estimate < small.high
    assert large.high - large.low < (small.high - small.low) / 2


def test_the_same_scores_differ_by_nothing_and_better_ones_by_more() -> None:
    scores, positive, weights = sample(2000)
    nothing = mean_difference_interval([[scores]], [positive], weights, [[scores]], resamples=50)
    assert (nothing.low, nothing.estimate, nothing.high) == (0, 0, 0)
    better = mean_difference_interval([[scores + positive]], [positive], weights, [[scores]], resamples=50)
    assert better.low > 0


def test_pairing_narrows_the_interval() -> None:
    scores, positive, weights = sample(1000)
    nudged = scores + np.random.default_rng(1).normal(scale=0.05, size=len(scores))
    paired = mean_difference_interval([[nudged]], [positive], weights, [[scores]], resamples=200)
    alone = pr_auc_interval((scores, positive, weights))
    assert paired.high - paired.low < (alone.high - alone.low) / 3


def test_the_macro_interval_is_the_mean_over_labels() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=400)
    shares = rng.dirichlet(np.ones(3), size=400) + np.eye(3)[labels] * 0.2
    expected = np.mean([SKLEARN.average_precision_score(labels == k, shares[:, k]) for k in range(3)])
    columns, positives = list(shares.T), [labels == k for k in range(3)]
    interval = mean_difference_interval([columns], positives, np.ones(400), resamples=20)
    assert interval.estimate == pytest.approx(expected)


def test_rows_of_several_labels_are_drawn_beside_those_of_their_rarest() -> None:
    common, rare = np.array([1, 1, 1, 1, 0, 0], dtype=bool), np.array([0, 0, 1, 1, 1, 0], dtype=bool)
    scores = np.arange(6.0)
    # Rows 2 to 4 carry the rare label and rows 0 and 1 only the common one: a resample never loses either.
    interval = mean_difference_interval([[scores, scores]], [common, rare], np.ones(6), resamples=200)
    assert interval.low > 0
    assert rarest(np.stack([common, rare])).tolist() == [1, 1, 2, 2, 2, 0]
