"""What each fault of the assignment cost: every row as written beside the same row with the fault repaired.

    python benchmarks/assignment.py runs/assignment runs/assignment_pilot

Reads studies of the arms of `studies/assignment.toml`, packed or as they were run, and prints Markdown: the rows, the
answers to the study's questions, how far the assignment's score flatters a row, and what a majority row would have
shown.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import numpy as np

from potstill.analysis.decisions import right
from potstill.analysis.report import Report, analyse
from potstill.analysis.resampled_scores import RESAMPLES
from potstill.analysis.results import Arm, Run, StudyResults, load_results
from potstill.analysis.rows import Row
from potstill.report.tables.differences import questions
from potstill.statistics.resample import Floats, draw_resamples
from potstill.statistics.verdict import Estimate, estimate_of, spreads

FIGURES = {"sampled_accuracy": "as the assignment scored", "accuracy": "accuracy", "pr_auc": "PR-AUC", "mcc": "MCC"}


def tables(folder: Path) -> Iterator[str]:
    """The rows of one study, then what each repair brought."""
    results = load_results(folder)
    report = analyse(results)
    yield f"\n### {report.study}, {report.test_rows:,} test rows\n"
    yield from _table(["row", "layers", *FIGURES.values()], _rows(report))
    asked = questions(report)
    yield from _table(asked.head, asked.body)
    yield from _table(["row", "its score flatters it by", "accuracy minus majority's"], _accuracies(results))


def _table(head: list[str], body: list[list[str]]) -> Iterator[str]:
    yield from (f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])
    yield ""


def _rows(report: Report) -> list[list[str]]:
    return [[row.arm, row.layers or "-", *(_cell(row, name) for name in FIGURES)] for row in report.rows]


def _cell(row: Row, name: str) -> str:
    figure = row.figures.get(name)
    if figure is None:
        return "-"
    return f"{figure.mean:.3f}" + ("" if figure.spread is None else f" ± {figure.spread:.3f}")


def _accuracies(results: StudyResults) -> list[list[str]]:
    """Of every trained row its score on validation minus its accuracy on test, and the latter minus the majority's;
    over rows and seeds as in the report."""
    majority = results.arm("majority")
    assert majority is not None, "every study has the row"
    positives = results.task.positives(results.labels)
    drawn = draw_resamples(positives, results.weights, results.groups, count=RESAMPLES, seed=0)
    weighed = drawn.counts * results.weights
    total = weighed.sum(axis=1)

    def accuracies(arm: Arm) -> Floats:
        return np.array([weighed @ right(results, run) / total for run in arm.done])

    def interval(lines: Floats) -> str:
        spread = spreads({"it": lines[:, 0].tolist()})["it"]
        return _interval(estimate_of(lines, drawn.freedom, spread))

    body: list[list[str]] = []
    for arm in results.arms:
        if arm.kind != "teacher" and any(_scores(run) for run in arm.done):
            scored, reached = np.array([[mean(_scores(run))] for run in arm.done]), accuracies(arm)
            body.append([arm.name, interval(scored - reached), interval(reached - accuracies(majority))])
    return body


def _scores(run: Run) -> list[float]:
    """The accuracy on the validation sample after each epoch."""
    return [point.sampled_accuracy for point in run.record.curve if point.sampled_accuracy is not None]


def _interval(estimate: Estimate) -> str:
    low, high = estimate.interval()
    return f"{estimate.difference:+.3f} ({low:+.3f} to {high:+.3f})"


def main() -> int:
    """Print the tables of each folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    print("\n".join(line for folder in parser.parse_args().folders for line in tables(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
