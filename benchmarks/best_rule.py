"""How well could any interval do with three seeds? An upper bound on what `interval_coverage.py` asks of ours.

    python benchmarks/best_rule.py

The study of `interval_coverage.py` with 2,000 rows, four arms and three seeds, in normal theory: what rows add is
known, the arms' variances over seeds are estimated. A rule makes half a width of the judged arm's own variance and of
the other three's, pooled: nothing else in the data tells of it. Of all such rules the best is sought: the highest
coverage where the judged arm varies thrice as much, with power within 5 points of theory and 94 % coverage where all
arms vary alike, at each ratio of the two variances. By Lagrange's multipliers: whatever they are, the most that
coverage and weighted power come to together bounds every rule from above (weak duality), and for given multipliers the
best half-width is found for each pair of variances by itself. Beside it, in the same theory: the rule in use.
"""

import sys
from dataclasses import dataclass
from functools import cache

import numpy as np
from interval_coverage import ARMS, COMMON, MARGIN, RATE, RESAMPLES, RHO, Cell, theory, world_of
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import minimize

from potstill.statistics.verdict import Estimate, spreads

Floats = NDArray[np.float64]
SEEDS, ROWS, RATIOS, TIMES = 3, 2000, (0.0, 1.0, 4.0), 3
POWER_LOST, COVERAGE = 0.05, 0.94
PRIVATE = (1 - RHO**2) * (1 - COMMON) / ((1 - RHO) ** 2 + 1 - RHO**2)
"""Share of a run's variance over rows that no other seed has."""
HALF_WIDTHS = np.linspace(0.5, 9.0, 300)
"""In standard deviations of one run over rows, as all that follows."""
STUDIES = 100_000


@dataclass(frozen=True)
class Goal:
    """What a rule reaches on average over the chances of the two variances (own, pooled), and how much is asked."""

    chances: Floats
    reached: Floats
    """For each half-width."""
    asked: float = 0.0

    def of(self, choice: NDArray[np.intp]) -> float:
        """What the rule reaches that takes these half-widths."""
        return float((self.chances * self.reached[choice]).sum())


@cache
def margin() -> float:
    """The margin."""
    return float(MARGIN / np.sqrt(world_of(Cell(SEEDS, ROWS, 1.0, at_margin=False)).row_variance))


def over_seeds(ratio: float, times: float = 1) -> float:
    """The variance between the seeds of one arm, on the rows that there are."""
    return times * ratio + PRIVATE


def error(variance: float) -> float:
    """The standard error of the mean over seeds."""
    return float(np.sqrt(1 - PRIVATE + variance / SEEDS))


def chances(own: float, pooled: float) -> Floats:
    """How likely each pair of estimated variances is, on a grid of their logarithms."""

    def density(places: Floats, variance: float, freedom: int) -> Floats:
        return np.asarray(stats.chi2.pdf(places * freedom / variance, freedom)) * places

    own_grid = np.exp(np.linspace(np.log(5e-4), np.log(40), 140))
    pooled_grid = np.exp(np.linspace(np.log(5e-3), np.log(25), 100))
    both = density(own_grid, own, SEEDS - 1)[:, None] * density(pooled_grid, pooled, (ARMS - 1) * (SEEDS - 1))[None]
    return both / both.sum()


def goals() -> tuple[Goal, list[Goal]]:
    """Coverage of the arm that varies more, and what is asked for besides."""
    asked: list[Goal] = []
    for ratio in RATIOS:
        world, wrong = world_of(Cell(SEEDS, ROWS, ratio, at_margin=False)), error(over_seeds(ratio))
        ideal = theory(world, {"sd": wrong * MARGIN / margin()})
        alike = chances(over_seeds(ratio), over_seeds(ratio))
        asked.append(Goal(alike, np.asarray(stats.norm.cdf((margin() - HALF_WIDTHS) / wrong)), ideal - POWER_LOST))
        asked.append(Goal(alike, covered(wrong), COVERAGE))
    wild = over_seeds(1.0, TIMES)
    return Goal(chances(wild, over_seeds(1.0)), covered(error(wild))), asked


def covered(wrong: float) -> Floats:
    """How often each half-width around the estimate holds the truth."""
    return 2 * np.asarray(stats.norm.cdf(HALF_WIDTHS / wrong)) - 1


def bound(aim: Goal, asked: list[Goal]) -> tuple[float, NDArray[np.intp]]:
    """The least upper bound that multipliers give, and the rule at it."""

    def choice(multipliers: Floats) -> NDArray[np.intp]:
        parts = zip(multipliers, asked, strict=True)
        total = aim.chances[..., None] * aim.reached
        return (total + sum(m * goal.chances[..., None] * goal.reached for m, goal in parts)).argmax(-1)

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        best = choice(multipliers)
        spare = np.array([goal.of(best) - goal.asked for goal in asked])
        return aim.of(best) + float(multipliers @ spare), spare

    start = np.full(len(asked), 0.1)
    optimum = minimize(dual, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(asked))
    return float(optimum.fun), choice(np.asarray(optimum.x))


def in_use(ratio: float, times: float = 1) -> tuple[float, float]:
    """Coverage and power of the rule in use, where the judged arm varies so many times as much as the others."""
    rng = np.random.default_rng(0)
    variances = np.array([over_seeds(ratio, times), *[over_seeds(ratio)] * (ARMS - 1)])
    runs = rng.normal(size=(STUDIES, ARMS, SEEDS)) * np.sqrt(variances)[:, None]
    rows = rng.normal(size=STUDIES) * np.sqrt(1 - PRIVATE)
    freedom = min(RESAMPLES, int(ROWS * RATE)) - 1
    held = good = 0
    for reached, moved in zip(runs, rows, strict=True):
        spread = spreads({str(arm): values.tolist() for arm, values in enumerate(reached)})["0"]
        mean = float(moved + reached[0].mean())
        low, high = Estimate(mean, error(PRIVATE) ** 2, freedom, SEEDS, spread).interval()
        held += low <= 0 <= high
        good += low > -margin()
    return held / STUDIES, good / STUDIES


def main() -> int:
    """Print the bound, what the rule that comes nearest would do elsewhere, and what the one in use does."""
    aim, asked = goals()
    most, rule = bound(aim, asked)
    here, _ = in_use(1.0, TIMES)
    print("| seed : row variance | besides | coverage of the best rule | in use | power it loses | in use |")
    print("|---|---|---|---|---|---|")
    print(f"| 1 | the judged arm varies thrice as much | {most:.1%} at most | {here:.1%} | | |")
    for ratio, power, held in zip(RATIOS, asked[::2], asked[1::2], strict=True):
        ideal, (now, good) = power.asked + POWER_LOST, in_use(ratio)
        under = [f"{100 * (ideal - reached):.1f} points" for reached in (power.of(rule), good)]
        print(f"| {ratio:.0f} | | {held.of(rule):.1%} | {now:.1%} | {under[0]} | {under[1]} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
