from typing import Any, cast

import numpy as np
import pytest
from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

from potstill.statistics.rank import RankCorrelation, rank_correlation


def test_equal_and_opposite_orders() -> None:
    rising = list(range(12))
    assert rank_correlation(rising, rising) is not None
    for second, wanted in ((rising, 1), (rising[::-1], -1), ([value**3 for value in rising], 1)):
        correlation = rank_correlation(rising, second)
        assert correlation is not None
        assert correlation == RankCorrelation(12, wanted, wanted, wanted)


def test_nothing_is_claimed_of_few_or_of_ties() -> None:
    assert rank_correlation(range(9), range(9)) is None
    assert rank_correlation(range(12), [1.0] * 12) is None


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    truth, held, runs = 6 / np.pi * np.arcsin(0.7 / 2), 0, 600  # Spearman's of a normal pair with correlation .7
    for _ in range(runs):
        pair = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=20)
        correlation = rank_correlation(pair[:, 0].tolist(), pair[:, 1].tolist())
        assert correlation is not None
        held += correlation.low <= truth <= correlation.high
    assert held / runs == pytest.approx(0.95, abs=0.025)


def test_ties_share_their_rank_as_in_scipy() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 5, 30).tolist(), rng.integers(0, 9, 30).tolist()
    correlation = rank_correlation(first, second)
    assert correlation is not None
    assert correlation.estimate == pytest.approx(cast(Any, stats).spearmanr(first, second)[0])
