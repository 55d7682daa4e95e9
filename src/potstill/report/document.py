"""A report as tables and paragraphs, before it is terminal text, Markdown or HTML."""

from potstill.analysis.report import Report
from potstill.report.notes import notes_of
from potstill.report.prose import answer_of
from potstill.report.tables.calibration import calibration
from potstill.report.tables.differences import differences, questions
from potstill.report.tables.flips import flips
from potstill.report.tables.layers import layer_tables
from potstill.report.tables.quality import cost, further_measures, labels, quality
from potstill.report.tables.rates import rate_trials
from potstill.report.tables.subgroups import categories, subgroups
from potstill.report.tables.table import Document
from potstill.report.tables.verdicts import disagreements, errors, verdicts


def build_document(report: Report, *, timed: bool = True) -> Document:
    """The whole of a report. Without `timed` no column stands in it that differs between two runs of one study."""
    tables = [
        quality(report),
        verdicts(report),
        questions(report),
        errors(report),
        differences(report),
        *labels(report),
        further_measures(report),
        cost(report, timed=timed),
        calibration(report),
        disagreements(report),
        rate_trials(report),
        *(table for search in report.layer_searches for table in layer_tables(search)),
        flips(report),
        subgroups(report),
        categories(report),
    ]
    shown = [table for table in tables if table.body]
    return Document(f"Study {report.study}", " ".join(answer_of(report)), shown, notes_of(report))
