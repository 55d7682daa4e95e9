"""How far two orders of the same things agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FEWEST = 10
"""With fewer things than this nothing is claimed: the interval would hold nearly everything."""


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation of `count` things, with its interval."""

    count: int
    estimate: float
    low: float
    high: float


def rank_correlation(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95
) -> RankCorrelation | None:
    """Spearman's rank correlation; the interval is normal on Fisher's scale with the variance of Bonett and Wright
    (2000, "Sample size requirements for estimating Pearson, Kendall and Spearman correlations").

    None for fewer than ten things, or where one of the orders is all ties.
    """
    count = len(first)
    if count < FEWEST or len(set(first)) < 2 or len(set(second)) < 2:
        return None
    rho = float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])
    if abs(rho) > 1 - 1e-12:
        return RankCorrelation(count, round(rho), round(rho), round(rho))
    half = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt((1 + rho**2 / 2) / (count - 3))
    return RankCorrelation(count, rho, tanh(atanh(rho) - half), tanh(atanh(rho) + half))


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
