import pytest

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
