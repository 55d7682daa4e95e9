"""What each fault of the assignment cost: every row as written beside the same row with the fault repaired.

    python benchmarks/assignment.py runs/assignment runs/assignment_pilot

Reads studies of the arms of `studies/assignment.toml`, packed or as they were run, and prints Markdown.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from potstill.report.figures import Report, work_out
from potstill.report.results import load_results
from potstill.report.rows import Row
from potstill.report.verdicts import Measurements

PAIRS = [
    ("the random teacher", "teacher-even", "written-even"),
    ("the random teacher", "teacher-odd", "written-odd"),
    ("the random teacher, layers in order", "repaired-even", "layers-even"),
    ("the layers called even", "layers-even", "written-even"),
    ("the layers called even, trained teacher", "repaired-even", "teacher-even"),
    ("the top layer at the bottom", "teacher-even", "teacher-odd"),
    ("LoRA's frozen random head", "head-lora", "written-lora"),
    ("LoRA's learning rate", "repaired-lora", "head-lora"),
    ("all of LoRA's", "repaired-lora", "written-lora"),
    ("all of a student's", "repaired-even", "written-even"),
    ("what was compared: odd against even", "written-odd", "written-even"),
]
"""What is repaired, the arm with the repair, and the arm without it."""
FIGURES = {"sampled_accuracy": "as the assignment scored", "accuracy": "accuracy", "pr_auc": "PR-AUC", "mcc": "MCC"}


def tables(folder: Path) -> Iterator[str]:
    """The rows of one study, then what each repair brought."""
    results = load_results(folder)
    report = work_out(results)
    yield f"\n### {report.study}, {report.test_rows:,} test rows\n"
    yield from _rows(report)
    arms = {arm.name: arm for arm in results.arms}
    yield "\n| repaired | row | minus | PR-AUC, difference | 95 % interval |"
    yield "|---|---|---|---|---|"
    measured = Measurements(results)
    for fault, better, worse in PAIRS:
        found = measured.difference(arms[better], arms[worse])
        yield f"| {fault} | {better} | {worse} | {found.estimate:+.3f} | {found.low:+.3f} to {found.high:+.3f} |"


def _rows(report: Report) -> Iterator[str]:
    yield f"| row | layers | {' | '.join(FIGURES.values())} |"
    yield f"|---|---|{'---|' * len(FIGURES)}"
    for row in report.rows:
        yield f"| {row.arm} | {row.layers or '-'} | {' | '.join(_cell(row, name) for name in FIGURES)} |"


def _cell(row: Row, name: str) -> str:
    figure = row.figures.get(name)
    if figure is None:
        return "-"
    return f"{figure.mean:.3f}" + ("" if figure.spread is None else f" ± {figure.spread:.3f}")


def main() -> int:
    """Print the tables of each folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    print("\n".join(line for folder in parser.parse_args().folders for line in tables(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
