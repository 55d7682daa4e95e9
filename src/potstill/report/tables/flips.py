"""The rows that the picked arm decides otherwise than the teacher, counted."""

from potstill.analysis.report import Report
from potstill.report.tables.table import Table


def flips(report: Report) -> Table:
    """Counts by how sure the teacher was; an empty table where no arm is picked."""
    flipped = report.flips
    if flipped is None:
        return Table("flips", "", [], [])
    body = [
        [f"{bin.low:.1f} to {bin.high:.1f}", f"{bin.rows:,}", f"{bin.lost:,}", f"{bin.gained:,}", f"{bin.both_wrong:,}"]
        for bin in flipped.bins
    ]
    of = report.positive or "its own label"
    head = [f"teacher's probability of {of}", "all rows", "only the teacher is right", f"only {flipped.arm} is right"]
    title = f"Rows that {flipped.arm} decides differently from the teacher, seed {flipped.seed} (unweighted counts)"
    if report.positive:  # of two labels both cannot be wrong and differ
        return Table("flips", title, head, [line[:-1] for line in body])
    return Table("flips", title, [*head, "both wrong"], body)
