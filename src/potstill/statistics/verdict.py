"""Is a compressed model as good as its teacher? The interval, the decision, and what a decision would take.

What is estimated is the metric that a recipe reaches on average over seeds, on all the texts that the test rows were
drawn from, minus that of this one teacher. Two things make the estimate uncertain: other rows and other seeds. Their
variances are added, and Student's t takes the degrees of freedom of Welch (1947) and Satterthwaite (1946).
`docs/statistics.md` has the proof by simulation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt
from statistics import variance
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from potstill.statistics.distributions import binomial_p, f_quantile, t_below, t_quantile

Judgement = Literal["as good", "worse", "unresolved"]
CONFIDENCE = 0.95
ONE_SIDED = (1 - CONFIDENCE) / 2
UNEQUAL = 0.05
"""Level of the F test by which an arm leaves the pool where its variance over seeds exceeds that of the others."""
MOST_SEEDS = 20
MOST_ROWS = 50
"""More seeds than this, or so many times the rows, are no realistic number."""


@dataclass(frozen=True)
class Spread:
    """The variance of a metric over seeds, for one seed, with its degrees of freedom; `own` where it is not pooled."""

    variance: float
    freedom: int
    own: bool = False


NO_SEEDS = Spread(0.0, 1)
"""Of what no seed changes."""


@dataclass(frozen=True)
class Estimate:
    """A difference of two metrics, the mean over `seeds`, with the two variances that make it uncertain.

    `rows_variance` is that of the difference over resamples of the test rows, `freedom` its degrees of freedom.
    `spread` is None where one seed was run of something that seeds change: then nothing can be said about others.
    """

    difference: float
    rows_variance: float
    freedom: int
    seeds: int
    spread: Spread | None

    @property
    def error(self) -> float:
        """The standard error."""
        return sqrt(self.rows_variance + self._seeds_part)

    @property
    def _seeds_part(self) -> float:
        return self.spread.variance / self.seeds if self.spread else 0.0

    @property
    def df(self) -> float:
        """Degrees of freedom by Welch and Satterthwaite."""
        parts = [(self.rows_variance, self.freedom)] + (
            [(self._seeds_part, self.spread.freedom)] if self.spread else []
        )
        below = sum(part**2 / freedom for part, freedom in parts)
        return self.error**4 / below if below else inf

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The two-sided interval."""
        half = t_quantile((1 + confidence) / 2, self.df) * self.error
        return self.difference - half, self.difference + half

    def p_as_good(self, margin: float) -> float:
        """One-sided p-value against "below by the margin or more"."""
        return 1 - self._beyond(margin)

    def p_worse(self, margin: float) -> float:
        """One-sided p-value against "below by the margin at most"."""
        return self._beyond(margin)

    def _beyond(self, margin: float) -> float:
        distance = self.difference + margin
        if self.error == 0:
            return 1.0 if distance > 0 else 0.0
        return t_below(distance / self.error, self.df)


def estimate_of(lines: NDArray[np.float64], freedom: int, spread: Spread | None) -> Estimate:
    """The estimate from the difference of each seed (S, B + 1): on the rows as they are, then on B resamples of them,
    which `freedom` degrees of freedom belong to."""
    whole = lines.mean(axis=0)
    resamples = lines.shape[1] - 1
    return Estimate(float(whole[0]), float(whole[1:].var(ddof=1)), min(freedom, resamples - 1), len(lines), spread)


@dataclass(frozen=True)
class ArmVerdict:
    """What is said about one arm. `adjusted`: by Holm's method beside the other arms, so that the interval drawn, which
    is not adjusted, may lie clear of the margin without a decision."""

    judgement: Judgement
    below: bool
    """The whole interval lies under 0: below the teacher, by more than the margin or not."""
    low: float
    high: float
    adjusted: bool


def spreads(reached: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    """The variance over seeds for each arm that has two seeds or more, `reached` being its metric at each seed.

    It is pooled over the arms. An arm leaves the pool, and has its own, where that exceeds the others' by the 5 % F
    test. Three seeds seldom trip that test: so an arm that stays takes no less than it varied itself.
    """
    own = {arm: Spread(variance(values), len(values) - 1) for arm, values in reached.items() if len(values) > 1}
    pool, by_arm = dict(own), dict[str, Spread]()
    while wild := [arm for arm in pool if _stands_out(arm, pool)]:
        arm = max(wild, key=lambda arm: own[arm].variance)
        by_arm[arm] = Spread(own[arm].variance, own[arm].freedom, own=True)
        del pool[arm]
    pooled = _pooled(list(pool.values()))
    for arm, spread in pool.items():
        assert pooled is not None, "whoever is in the pool fills it"
        alone = Spread(spread.variance, pooled.freedom, own=True)
        by_arm[arm] = max(pooled, alone, key=lambda spread: spread.variance)
    return by_arm


def _stands_out(arm: str, pool: Mapping[str, Spread]) -> bool:
    rest = _pooled([spread for name, spread in pool.items() if name != arm])
    return rest is not None and _exceeds(pool[arm], rest)


def _pooled(parts: list[Spread]) -> Spread | None:
    freedom = sum(part.freedom for part in parts)
    return Spread(sum(part.variance * part.freedom for part in parts) / freedom, freedom) if freedom else None


def _exceeds(spread: Spread, rest: Spread) -> bool:
    if rest.variance == 0:
        return spread.variance > 0
    return spread.variance / rest.variance > f_quantile(1 - UNEQUAL, spread.freedom, rest.freedom)


def judge(estimates: Mapping[str, Estimate], primary: str | None, margin: float) -> dict[str, ArmVerdict]:
    """The verdict on every arm. `primary`, chosen before test was looked at, is judged by its 95 % interval; the others
    by Holm's method (1979) on the one-sided p-values, each side by itself."""
    secondary = {arm: estimate for arm, estimate in estimates.items() if arm != primary and estimate.spread}
    good = _holm({arm: estimate.p_as_good(margin) for arm, estimate in secondary.items()})
    worse = _holm({arm: estimate.p_worse(margin) for arm, estimate in secondary.items()})
    verdicts: dict[str, ArmVerdict] = {}
    for arm, estimate in estimates.items():
        low, high = estimate.interval()
        judgement: Judgement = "unresolved"
        if estimate.spread and (arm in good or (arm == primary and low > -margin)):
            judgement = "as good"
        elif estimate.spread and (arm in worse or (arm == primary and high < -margin)):
            judgement = "worse"
        below = estimate.spread is not None and high < 0
        verdicts[arm] = ArmVerdict(judgement, below, low, high, adjusted=arm in secondary)
    return verdicts


def _holm(values: dict[str, float]) -> set[str]:
    """Those whose hypothesis falls while no smaller p-value's has stood."""
    fallen: set[str] = set()
    for place, arm in enumerate(sorted(values, key=lambda arm: values[arm])):
        if values[arm] > ONE_SIDED / (len(values) - place):
            break
        fallen.add(arm)
    return fallen


@dataclass(frozen=True)
class Need:
    """What would show an arm to be as good, if its difference stayed as it is: so many rows with the seeds that there
    are, so many seeds with the rows that there are, or, where neither alone would, both together."""

    rows: int | None
    seeds: int | None
    both: tuple[int, int] | None = None


def is_hopeless(estimate: Estimate, margin: float) -> bool:
    """Whether no number of rows and seeds is to be hoped for: the difference is at the margin, beyond it, or within a
    standard error of it."""
    distance = estimate.difference + margin
    return distance <= 0 or distance < estimate.error


def what_it_takes(estimate: Estimate, rows: int, margin: float, share: float = ONE_SIDED) -> Need | None:
    """Solve for rows and seeds the half-width that brings the lower end above the margin, at the one-sided level
    `share` that the arm is judged by. None where no realistic number would."""
    if estimate.spread is None or is_hopeless(estimate, margin):
        return None
    half = estimate.difference + margin

    def rows_for(seeds: int) -> int | None:
        factors = (1 + step / 20 for step in range(0 if seeds > estimate.seeds else 1, 20 * MOST_ROWS))
        enough = (ceil(rows * times) for times in factors if half_width(estimate, times, seeds, share) < half)
        return next(enough, None)

    counts = range(estimate.seeds + 1, MOST_SEEDS + 1)
    alone = next((seeds for seeds in counts if half_width(estimate, 1, seeds, share) < half), None)
    need = Need(rows_for(estimate.seeds), alone)
    if need.rows or need.seeds:
        return need
    pairs = [(more_rows, seeds) for seeds in counts if (more_rows := rows_for(seeds))]
    return Need(None, None, min(pairs, key=lambda pair: pair[0] * pair[1])) if pairs else None


def half_width(estimate: Estimate, times_rows: float, seeds: int, share: float = ONE_SIDED) -> float:
    """Half of the interval, by default of 95 %, with so many times the rows, and other seeds."""
    spread = estimate.spread
    if spread and estimate.seeds > 1:
        freedom = spread.freedom * (seeds - 1) // (estimate.seeds - 1)
        spread = Spread(spread.variance, max(1, freedom))
    bigger = Estimate(0.0, estimate.rows_variance / times_rows, ceil(estimate.freedom * times_rows), seeds, spread)
    return bigger.interval(1 - 2 * share)[1]


def mcnemar(right: NDArray[np.bool_], other_right: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Rows that only the first got right, rows that only the second did, and the exact two-sided p-value of McNemar's
    test (1947): of one pair of models on these rows, nothing about other seeds."""
    first, second = int((right & ~other_right).sum()), int((other_right & ~right).sum())
    p = binomial_p(first, first + second) if first + second else 1.0
    return first, second, p
