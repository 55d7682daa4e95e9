import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from potstill.statistics.resample import (
    Interval,
    RankedScores,
    mean_difference_interval,
    rarest,
    resample_counts,
)


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
    counts = np.random.default_rng(seed).integers(0, 3, size=len(scores))
    expected = average_precision_score(positive, scores, sample_weight=weights * counts)
    assert RankedScores(scores, positive, weights).average_precision(counts) == pytest.approx(expected, abs=1e-12)


def test_resamples_keep_every_stratum_at_its_size() -> None:
    labels = np.array([0] * 50 + [1] * 10)
    weights = np.array([1.0] * 30 + [2.0] * 20 + [1.0] * 10)
    for counts in resample_counts(labels, weights, 5, seed=0):
        assert [counts[:30].sum(), counts[30:50].sum(), counts[50:].sum()] == [30, 20, 10]


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
    expected = np.mean([average_precision_score(labels == k, shares[:, k]) for k in range(3)])
    columns, positives = list(shares.T), [labels == k for k in range(3)]
    found = mean_difference_interval([columns], positives, np.ones(400), resamples=20)
    assert found.estimate == pytest.approx(expected)


def test_rows_of_several_labels_are_drawn_beside_those_of_their_rarest() -> None:
    common, rare = np.array([1, 1, 1, 1, 0, 0], dtype=bool), np.array([0, 0, 1, 1, 1, 0], dtype=bool)
    scores = np.arange(6.0)
    # Rows 2 to 4 carry the rare label and rows 0 and 1 only the common one: a resample never loses either.
    found = mean_difference_interval([[scores, scores]], [common, rare], np.ones(6), resamples=200)
    assert found.low > 0
    assert rarest(np.stack([common, rare])).tolist() == [1, 1, 2, 2, 2, 0]
