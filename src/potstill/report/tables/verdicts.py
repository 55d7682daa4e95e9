"""Tables of verdicts and of what they rest on."""

from potstill.analysis.differences import Difference
from potstill.analysis.report import Report
from potstill.analysis.verdicts import VerdictRow
from potstill.report.tables.differences import interval
from potstill.report.tables.table import Table


def verdicts(report: Report) -> Table:
    """The verdict on each compressed arm."""
    body = [
        [
            verdict.arm + (" (picked)" if verdict.primary else ""),
            _judgement(verdict),
            f"{verdict.difference.estimate:+.3f}",
            interval(verdict.difference),
            _needs(verdict),
        ]
        for verdict in report.verdicts
    ]
    head = ["arm", "verdict", "difference", "95 % interval", "what would show it"]
    return Table("verdicts", f"As good as the teacher within {report.margin:g} of test PR-AUC?", head, body)


def _judgement(verdict: VerdictRow) -> str:
    return f"{verdict.judgement}, below" if verdict.below and verdict.judgement != "worse" else verdict.judgement


def _needs(verdict: VerdictRow) -> str:
    if verdict.judgement == "as good":
        return "shown"
    if verdict.difference.seeds_error is None:
        return "more seeds"
    ways = [f"{verdict.needs_rows:,} rows"] if verdict.needs_rows else []
    ways += [f"{verdict.needs_seeds} seeds"] if verdict.needs_seeds else []
    ways += [f"{verdict.needs_both[0]:,} rows and {verdict.needs_both[1]} seeds"] if verdict.needs_both else []
    return " or ".join(ways) if verdict.realistic else "no realistic number"


def errors(report: Report) -> Table:
    """The two parts of each verdict's standard error."""
    body = [
        [row.arm, str(row.seeds), f"{row.rows_error:.4f}", _seeds_error(row)]
        for row in (verdict.difference for verdict in report.verdicts)
    ]
    title = "Standard error of each arm's difference from the teacher, by source"
    return Table("errors", title, ["arm", "seeds", "over rows", "over seeds"], body)


def _seeds_error(difference: Difference) -> str:
    if difference.seeds_error is None:
        return "one seed"
    return f"{difference.seeds_error:.4f}" + (" (its own)" if difference.own_spread else "")


def disagreements(report: Report) -> Table:
    """McNemar's test for each seed."""
    body = [
        [verdict.arm, str(row.seed), f"{row.only_arm:,}", f"{row.only_teacher:,}", f"{row.p:.2g}"]
        for verdict in report.verdicts
        for row in verdict.disagreements
    ]
    title = "Test rows that only one of the two models decides rightly (McNemar's test; unweighted counts)"
    return Table("disagreements", title, ["arm", "seed", "only the arm", "only the teacher", "p"], body)
