from typing import Any, cast

import pytest
from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

from potstill.statistics.distributions import binomial_p, f_quantile, t_below, t_quantile


def test_quantiles_are_those_of_the_tables() -> None:
    assert t_quantile(0.975, 10) == pytest.approx(2.228, abs=1e-3)
    assert t_quantile(0.975, 1e9) == pytest.approx(1.960, abs=1e-3)
    assert f_quantile(0.95, 2, 6) == pytest.approx(5.143, abs=1e-3)


def test_what_lies_below_is_the_quantiles_inverse() -> None:
    assert t_below(t_quantile(0.9, 7), 7) == pytest.approx(0.9)
    assert t_below(0, 3) == pytest.approx(0.5)


def test_the_binomial_test_is_two_sided() -> None:
    assert binomial_p(0, 5) == binomial_p(5, 5) == pytest.approx(2 / 2**5)
    assert binomial_p(3, 6) == 1


@pytest.mark.parametrize("df", [0.7, 3, 11.5, 400, 1e9, float("inf")])
def test_they_are_those_of_scipys_stats(df: float) -> None:
    theirs = cast(Any, stats)
    for p in (0.025, 0.5, 0.975, 0.9999):
        assert t_quantile(p, df) == theirs.t.ppf(p, df)
        assert t_below(t_quantile(p, df), df) == theirs.t.cdf(t_quantile(p, df), df)
    assert f_quantile(0.95, 3, 8) == theirs.f.ppf(0.95, 3, 8)
    for successes, tries in ((0, 1), (2, 5), (40, 100), (60, 100), (50, 100), (999, 2001)):
        assert binomial_p(successes, tries) == pytest.approx(theirs.binomtest(successes, tries).pvalue, abs=1e-14)
