"""What a study's folder says: report, pack. Nothing here loads torch."""

from pathlib import Path

from potstill.report.figures import Report, work_out
from potstill.report.pack import pack as pack_study
from potstill.report.results import load_results
from potstill.report.show import write_report


def report(folder: str | Path, *, write: bool = True) -> Report:
    """All figures of a study's folder. They are written there as report.html, report.md and report.json, and into the
    card of each saved model.

    Args:
        folder: a study's folder, or one that `pack` wrote.
        write: False writes nothing.

    Raises:
        PotstillError: it is not a study folder, or a file in it is damaged.
    """
    if not write:
        return work_out(load_results(Path(folder)))
    figures, _ = write_report(Path(folder))
    return figures


def pack(folder: str | Path, out: str | Path) -> int:
    """Write a study's results, without texts and weights, into a folder small enough to commit. `report` reads it.

    Args:
        folder: a study's folder.
        out: the folder to make.

    Returns:
        Its size in bytes.

    Raises:
        PotstillError: `folder` is not a study folder, or `out` exists.
    """
    return pack_study(Path(folder), Path(out))
