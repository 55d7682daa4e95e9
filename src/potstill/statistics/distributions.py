"""The distributions that intervals and tests need, with types: scipy comes without."""

from typing import Any, cast

from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

_STATS = cast(Any, stats)  # what a call returns is given its type below


def t_quantile(p: float, df: float) -> float:
    """The quantile of Student's t with `df` degrees of freedom."""
    return float(_STATS.t.ppf(p, df))


def t_below(t: float, df: float) -> float:
    """How likely Student's t with `df` degrees of freedom is at most `t`."""
    return float(_STATS.t.cdf(t, df))


def f_quantile(p: float, first: float, second: float) -> float:
    """The quantile of F with the degrees of freedom of the two variances."""
    return float(_STATS.f.ppf(p, first, second))


def binomial_p(successes: int, tries: int) -> float:
    """The exact two-sided p-value of so many successes where either outcome is as likely."""
    return float(_STATS.binomtest(successes, tries).pvalue)
