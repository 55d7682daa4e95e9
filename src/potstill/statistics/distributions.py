"""The distributions that intervals and tests need, with types: scipy comes without.

They are scipy's special functions, which its `stats` calls too: that room takes most of a second to load, and a report
would wait for it.
"""

from typing import Any, cast

from scipy import special  # pyright: ignore[reportMissingTypeStubs]

_SPECIAL = cast(Any, special)  # what a call returns is given its type below


def t_quantile(p: float, df: float) -> float:
    """The quantile of Student's t with `df` degrees of freedom."""
    return float(_SPECIAL.stdtrit(df, p))


def t_below(t: float, df: float) -> float:
    """How likely Student's t with `df` degrees of freedom is at most `t`."""
    return float(_SPECIAL.stdtr(df, t))


def f_quantile(p: float, first: float, second: float) -> float:
    """The quantile of F with the degrees of freedom of the two variances."""
    return float(_SPECIAL.fdtri(first, second, p))


def binomial_p(successes: int, tries: int) -> float:
    """The exact two-sided p-value of so many successes where either outcome is as likely: twice that of the outcomes
    as far from the middle on one side, 1 in the middle."""
    fewer = min(successes, tries - successes)
    if 2 * fewer == tries:
        return 1.0
    # The binomial's distribution function as an incomplete beta function; `bdtr` is less exact.
    return min(1.0, 2 * float(_SPECIAL.betainc(tries - fewer, fewer + 1, 0.5)))
