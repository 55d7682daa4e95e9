"""Does the interval hold what it promises? Studies are simulated whose true difference is known, and judged.

    python benchmarks/interval_coverage.py [--simulations 2000] [--lines 9 23] [--work FILE]

A positive row's score is normal around MU, a negative one's around 0. A compressed arm's scores share RHO of the noise
with the teacher's; of the rest they share COMMON with its other seeds', as students of one recipe do. A seed also
moves how well the arm tells the rows apart, by as much as the cell says. The truth is the mean over seeds of the PR-
AUC on all texts there could be, minus the teacher's. Four arms are trained, the first is judged. Beside the interval
of `potstill.statistics.verdict`: the percentile bootstrap over rows and seeds, which three seeds cannot carry. Every
cell is a line of FILE, and a run that was stopped goes on.
"""

import argparse
import itertools
import multiprocessing
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from math import sqrt
from pathlib import Path

import numpy as np
from notebook import Notebook
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from potstill.statistics import distributions, resample, verdict
from potstill.statistics.distributions import t_quantile
from potstill.statistics.resample import Floats, average_precisions, draw_resamples
from potstill.statistics.verdict import Estimate, Spread, estimate_of, judge, spreads

MU, RHO, COMMON, RATE = 2.0, 0.9, 0.8, 0.1
"""Distance of positive rows in standard deviations, correlation with the teacher, share of the rest's variance that all
seeds of an arm have in common, share of positive rows."""
ARMS, RESAMPLES, MARGIN = 4, 400, 0.05
KEPT = 0.3
"""Of the negative rows a weighted sample has these; each counts for 1 / KEPT."""


@dataclass(frozen=True)
class Cell:
    """One kind of study. `ratio`: variance over seeds of one run against that over rows. `true` stands at 0 or at the
    margin. `unequal`: the arm with three times the variance over seeds: none, the judged one, or another."""

    seeds: int
    rows: int
    ratio: float
    at_margin: bool
    unequal: str = "none"
    weighted: bool = False
    common: float = COMMON


CELLS = [
    *(Cell(*cell) for cell in itertools.product((3, 5), (500, 2000), (0.0, 1.0, 4.0), (False, True))),
    *(Cell(*cell) for cell in itertools.product((3, 5), (2000,), (1.0,), (False, True), ("judged", "other"))),
    *(Cell(seeds, 2000, 1.0, at, "none", weighted=True) for seeds in (3, 5) for at in (False, True)),
    *(Cell(seeds, 2000, 0.0, at, common=0.0) for seeds in (3, 5) for at in (False, True)),
]  # fmt: skip


def precision_of(mu: float) -> float:
    """The average precision of normal scores on all the rows there could be."""
    cuts = np.linspace(-9, 9 + mu, 4001)
    true, wrong = RATE * stats.norm.sf(cuts - mu), (1 - RATE) * stats.norm.sf(cuts)
    seen = true + wrong
    precision = np.divide(true, seen, out=np.ones_like(true), where=seen > 0)
    return float(-np.trapezoid(precision, true / RATE))


def mean_precision(mu: float, tau: float) -> float:
    """Its mean over seeds that move `mu` with standard deviation `tau`."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    return float(sum(w * precision_of(mu + tau * x) for x, w in zip(nodes, weights, strict=True)) / weights.sum())


def _root(function: Callable[[float], float]) -> float:
    """Where it is nothing, between a shift of -1.5 and one of 1.5."""
    return float(np.asarray(brentq(function, -1.5, 1.5)).item())


@dataclass(frozen=True)
class World:
    """What a cell's studies are drawn from: the arms' shift of MU, and its standard deviation over seeds."""

    cell: Cell
    shift: float
    taus: list[float]
    true: float
    row_variance: float
    """Of one run's difference, over samples of rows, no seed moving anything."""


def world_of(cell: Cell) -> World:
    """Choose shift and spread so that the truth and the ratio are as the cell says."""
    true = -MARGIN if cell.at_margin else 0.0
    goal = precision_of(MU) + true
    start = _root(lambda shift: precision_of(MU + shift) - goal)
    rng = np.random.default_rng(1)
    steady = World(cell, start, [0.0], true, 0.0)
    drawn = [sample(steady, rng, seeds=1) for _ in range(400)]
    row_variance = float(np.var([study.metric(study.arms[0][0]) - study.metric(study.teacher) for study in drawn]))
    slope = (precision_of(MU + start + 0.05) - precision_of(MU + start - 0.05)) / 0.1
    tau = sqrt(cell.ratio * row_variance) / slope
    place = {"none": -1, "judged": 0, "other": 1}[cell.unequal]
    taus = [tau * (sqrt(3) if arm == place else 1) for arm in range(ARMS)]
    shift = _root(lambda shift: mean_precision(MU + shift, taus[0]) - goal)
    return World(cell, shift, taus, true, row_variance)


@dataclass(frozen=True)
class Sample:
    """Scores of one study's runs on its test rows."""

    positive: NDArray[np.bool_]
    weights: Floats
    teacher: Floats
    arms: list[list[Floats]]

    def metric(self, scores: Floats) -> float:
        """The PR-AUC."""
        return float(average_precisions(scores, self.positive, self.weights, np.ones((1, len(scores)), dtype=int))[0])


def sample(world: World, rng: np.random.Generator, seeds: int) -> Sample:
    """Draw rows, then the runs' answers on them."""
    cell = world.cell
    positive = rng.random(cell.rows) < (RATE / (RATE + KEPT * (1 - RATE)) if cell.weighted else RATE)
    weights = np.where(positive, 1.0, 1 / KEPT) if cell.weighted else np.ones(cell.rows)
    noise = rng.normal(size=cell.rows)
    arms = [_runs(world, tau, positive, noise, rng, seeds) for tau in world.taus]
    return Sample(positive, weights, MU * positive + noise, arms)


def _runs(
    world: World, tau: float, positive: NDArray[np.bool_], noise: Floats, rng: np.random.Generator, seeds: int
) -> list[Floats]:
    """The scores of one arm's seeds."""
    own, shared = sqrt(1 - RHO**2), rng.normal(size=len(noise))
    kept = RHO * noise + own * sqrt(world.cell.common) * shared
    return [
        (MU + world.shift + tau * rng.normal()) * positive
        + kept
        + own * sqrt(1 - world.cell.common) * rng.normal(size=len(noise))
        for _ in range(seeds)
    ]


def once(world: World, rng: np.random.Generator) -> dict[str, float]:
    """One study, judged both ways."""
    cell, drawn = world.cell, sample(world, rng, world.cell.seeds)
    resamples = draw_resamples([drawn.positive], drawn.weights, count=RESAMPLES, seed=int(rng.integers(1 << 30)))
    lines = np.array([
        resamples.pr_auc([run], [drawn.positive], drawn.weights) for run in [drawn.teacher, *drawn.arms[0]]
    ])  # fmt: skip
    differences = lines[1:] - lines[0]
    reached = {"0": differences[:, 0].tolist()}
    reached |= {str(arm): [drawn.metric(run) for run in runs] for arm, runs in enumerate(drawn.arms) if arm}
    estimate = estimate_of(differences, resamples.freedom, spreads(reached)["0"])
    verdict = judge({"0": estimate}, "0", MARGIN)["0"]
    seeds = rng.integers(cell.seeds, size=(RESAMPLES, cell.seeds))
    again = differences[seeds, np.arange(1, RESAMPLES + 1)[:, None]].mean(axis=1)
    low, high = np.quantile(again, [0.025, 0.975])
    return {
        "error": estimate.difference - world.true,
        "held": verdict.low <= world.true <= verdict.high,
        "held by bootstrap": low <= world.true <= high,
        "good": verdict.judgement == "as good",
        "worse": verdict.judgement == "worse",
        "half": (verdict.high - verdict.low) / 2,
    }


def theory(world: World, outcome: dict[str, float]) -> float:
    """Power by the noncentral t: the truth's own variance, and the degrees of freedom that belong to it."""
    cell = world.cell
    error = outcome["sd"]
    seeds = cell.ratio * world.row_variance * (3 if cell.unequal == "judged" else 1) / cell.seeds
    rows = max(error**2 - seeds, 0.0)
    true = Estimate(0.0, rows, RESAMPLES - 1, cell.seeds, Spread(seeds * cell.seeds, ARMS * (cell.seeds - 1)))
    return float(stats.nct.sf(t_quantile(0.975, true.df), true.df, MARGIN / error))


def run_cell(cell: Cell, simulations: int) -> dict[str, float]:
    """All simulations of a cell."""
    world = world_of(cell)
    rng = np.random.default_rng(
        [cell.seeds, cell.rows, int(cell.ratio), cell.at_margin, len(cell.unequal), cell.weighted]
    )
    runs = [once(world, rng) for _ in range(simulations)]
    outcome = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    outcome["sd"] = float(np.std([run["error"] for run in runs]))
    return outcome | {"theory": theory(world, outcome)}


def _work(job: tuple[Cell, int]) -> tuple[Cell, dict[str, float]]:
    return job[0], run_cell(*job)


def page(notes: Notebook) -> str:
    """The cells as a table."""
    lines = [
        "| seeds | rows | seed : row variance | besides | true difference | coverage | of the bootstrap | as good "
        "| theory | worse |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for note in notes.lines:
        cell = Cell(**note["cell"])
        besides = {"judged": "the judged arm varies thrice as much", "other": "another arm varies thrice as much"}
        words = "weighted" if cell.weighted else besides.get(cell.unequal, "")
        words = words if cell.common else "seeds have nothing in common"
        power = "" if cell.at_margin else f"{note['theory']:.1%}"
        lines.append(
            f"| {cell.seeds} | {cell.rows:,} | {cell.ratio:.0f} | {words} | {'-margin' if cell.at_margin else '0'} "
            f"| {note['held']:.1%} | {note['held by bootstrap']:.1%} | {note['good']:.1%} | {power} "
            f"| {note['worse']:.1%} |"
        )
    return "\n".join(lines)


def code() -> str:
    """A digest of the rule that is tried, and of what it is tried on."""
    sources = (verdict.__file__, distributions.__file__, resample.__file__, __file__)
    return sha256(b"".join(Path(str(source)).read_bytes() for source in sources)).hexdigest()[:12]


def main() -> int:
    """Simulate what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--lines", type=int, nargs="+", help="these lines of the table alone, counted from 1")
    parser.add_argument("--work", type=Path, default=Path("coverage.jsonl"))
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    notes = Notebook(arguments.work)
    # Of another rule, or of fewer simulations, a line says nothing of this table.
    made = {"simulations": arguments.simulations, "code": code()}
    cells = [CELLS[line - 1] for line in arguments.lines] if arguments.lines else CELLS
    left = [(cell, arguments.simulations) for cell in cells if not notes.has(cell=asdict(cell), **made)]
    with multiprocessing.Pool(arguments.processes) as pool:
        for number, (cell, outcome) in enumerate(pool.imap(_work, left), start=1):
            notes.add(cell=asdict(cell), **made, **outcome)
            print(f"{number} of {len(left)}: {cell}: coverage {outcome['held']:.1%}", file=sys.stderr, flush=True)
    notes.lines = [line for line in notes.lines if made.items() <= line.items()]
    print(page(notes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
