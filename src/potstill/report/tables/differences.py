"""Tables of differences between two arms."""

from potstill.analysis.differences import Difference
from potstill.analysis.report import Report
from potstill.report.tables.table import Table


def interval(difference: Difference) -> str:
    """Its 95 % interval."""
    return f"{difference.low:+.3f} to {difference.high:+.3f}"


def questions(report: Report) -> Table:
    """What the study asked, answered."""
    body = [
        [row.question, row.arm, row.against, f"{row.estimate:+.3f}", interval(row), _shown(row)]
        for row in report.differences
        if row.question is not None
    ]
    head = ["question", "arm", "minus", "difference", "95 % interval", "shown"]
    return Table("questions", "The study's questions, answered by differences in test PR-AUC", head, body)


def _shown(difference: Difference) -> str:
    if difference.seeds_error is None:
        return "one seed"
    if difference.low > 0:
        return "higher"
    return "lower" if difference.high < 0 else "neither"


def differences(report: Report) -> Table:
    """The differences that are there without being asked for."""
    unasked = [row for row in report.differences if row.question is None]
    body = [[row.arm, row.against, f"{row.estimate:+.3f}", interval(row), _over(row)] for row in unasked]
    head = ["arm", "minus", "difference", "95 % interval", "over"]
    return Table("differences", "Difference in test PR-AUC", head, body)


def _over(difference: Difference) -> str:
    if difference.seeds_error is None:
        return "1 seed"
    return "rows" if difference.seeds_error == 0 else f"{difference.seeds} seeds"
