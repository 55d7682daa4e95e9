from typing import Any, cast

import numpy as np
import pytest
from sklearn import metrics  # pyright: ignore[reportMissingTypeStubs]

from potstill.evaluation.precision_recall import precision_recall_curve

CARRIED = np.array([False, False, False, True, True])
SCORES = np.array([0.1, 0.2, 0.8, 0.9, 0.3])
ONES = np.ones(5)


def test_the_curve_has_one_point_for_each_score() -> None:
    precision, recall, cuts = precision_recall_curve(CARRIED, SCORES, ONES)
    assert cuts == pytest.approx([0.1, 0.2, 0.3, 0.8, 0.9])
    assert precision == pytest.approx([2 / 5, 2 / 4, 2 / 3, 1 / 2, 1])
    assert recall == pytest.approx([1, 1, 1, 1 / 2, 1 / 2])


@pytest.mark.parametrize("seed", range(8))
def test_it_is_to_the_bit_what_scikit_learn_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 400))
    carried = rng.random(rows) < 0.3
    carried[0] = True
    scores = rng.random(rows).round(int(rng.integers(1, 6)))  # with ties
    weights = rng.choice([0.0, 1.0, 3.7, 0.1], rows, p=[0.1, 0.5, 0.2, 0.2])
    weights[0] = 1.0
    precision, recall, cuts = precision_recall_curve(carried, scores, weights)
    theirs = cast(Any, metrics).precision_recall_curve(carried, scores, sample_weight=weights)
    assert np.array_equal(precision, theirs[0][:-1])
    assert np.array_equal(recall, theirs[1][:-1])
    assert np.array_equal(cuts, theirs[2])


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        precision_recall_curve(CARRIED, np.array([0.1, np.nan, 0.8, 0.9, 0.3]), ONES)


def test_recall_is_whole_where_nothing_is_to_be_recalled() -> None:
    precision, recall, _ = precision_recall_curve(np.zeros(5, dtype=bool), SCORES, ONES)
    assert precision.tolist() == [0] * 5
    assert recall.tolist() == [1] * 5
