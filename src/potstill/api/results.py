"""What a study's folder says: report, pack, upgrade. Nothing here loads torch."""

from pathlib import Path

from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.analysis.upgrade import Upgrade, upgrade_study
from potstill.domain.study_folder import StudyFolder
from potstill.report.files import write_report
from potstill.report.pack import pack as pack_study
from potstill.report.prose import WordedReport, in_words


def report(folder: str | Path, *, write: bool = True) -> WordedReport:
    """All figures of a study's folder. They are written there as report.html, report.md and report.json, and into the
    card of each saved model.

    Args:
        folder: a study's folder, or one that `pack` wrote.
        write: False writes nothing.

    Raises:
        PotstillError: it is not a study folder, or a file in it is damaged.
    """
    if not write:
        return in_words(analyse(load_results(Path(folder))))
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


def upgrade(folder: str | Path) -> Upgrade:
    """Convert a study's folder that an earlier version wrote, as `docs/formats.md` says.

    Args:
        folder: a study's folder, or a packed one.

    Returns:
        What was done; its `describe` says it in words.

    Raises:
        PotstillError: it is not a study folder, it is damaged, or a later version wrote it.
    """
    return upgrade_study(StudyFolder(folder))
