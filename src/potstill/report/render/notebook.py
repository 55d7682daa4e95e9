"""A report in a notebook: the answer, the tables that decide, and the pictures beside them."""

from base64 import b64encode
from collections.abc import Iterator
from html import escape

from potstill.analysis.report import Report
from potstill.domain.notebook import table_html
from potstill.report import charts
from potstill.report.document import build_document
from potstill.report.tables.table import Key

SHOWN: tuple[Key, ...] = ("quality", "verdicts", "questions", "cost")
"""Tables that a cell has room for; the page has all of them."""


def fragment(report: Report) -> str:
    """What stands in the cell. Text from data or from a study file is escaped."""
    document = build_document(report)
    tables = (table_html(table.head, table.body, table.title) for table in document.tables if table.key in SHOWN)
    pictures = "".join(_picture(svg) for svg in _charts(report))
    return (
        f"<h4>{escape(document.title)}</h4><p>{escape(document.answer)}</p>{''.join(tables)}"
        f'<div style="display: flex; flex-wrap: wrap">{pictures}</div>'
    )


def _charts(report: Report) -> Iterator[str]:
    if len(report.trade_offs) > 1:
        yield charts.tradeoff(report, "megabytes")
    if learnt := [curve for curve in report.curves.learning if any(p.validation_pr_auc for p in curve.points)]:
        yield charts.learning(learnt)
    if report.curves.precision_recall:
        yield charts.precision_recall(report.curves.precision_recall)
    if report.curves.reliability:
        yield charts.reliability(report.curves.reliability)


def _picture(svg: str) -> str:
    """An image by itself: a notebook that is opened elsewhere shows those, and not always an SVG among its markup."""
    data = b64encode(svg.encode()).decode()
    return f'<img alt="" style="background: white; max-width: 32em" src="data:image/svg+xml;base64,{data}">'
