"""The report as one HTML page that opens from disk, asks for nothing, and is dark where the reader's screen is."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from jinja2 import Environment
from markupsafe import Markup, escape

from potstill.analysis.report import Report
from potstill.report import charts
from potstill.report.document import build_document
from potstill.report.prose import answer_of
from potstill.report.tables.subgroups import AREAS
from potstill.report.tables.table import Key, Table


@dataclass(frozen=True)
class Picture:
    """An SVG and the words below it."""

    svg: Markup
    caption: str


@dataclass(frozen=True)
class Section:
    """One stretch of the page; `extra` names what the template adds to it. It can be folded, and is at first unless
    `is_open`."""

    title: str
    pictures: list[Picture]
    tables: list[Table]
    is_open: bool = False
    words: str = ""
    extra: Literal["", "flips", "data", "provenance"] = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.pictures or self.tables or self.extra in ("data", "provenance"))


def html(report: Report) -> str:
    """The page. Text from data or from a study file is escaped by the template, everywhere."""
    document = build_document(report)
    room = files("potstill.report")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["code"] = marked  # pyright: ignore[reportUnknownMemberType]  # jinja2 gives it no type
    template = environment.from_string(room.joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        document=document,
        sentences=answer_of(report),
        terms=_terms(report),
        sections=[section for section in _sections(report, document.tables) if not section.is_empty],
        study=json.dumps(report.provenance.study, indent=2, ensure_ascii=False),
        style=Markup(room.joinpath("page.css").read_text(encoding="utf-8")),  # our own file
    )


def marked(words: str) -> Markup:
    """Words in which what stands between backticks is code, and a number is not parted from its sign."""
    parts = words.replace(" %", "\u00a0%").split("`")
    is_paired = len(parts) % 2 == 1
    marked = (Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
    return Markup().join(marked) if is_paired else escape("`".join(parts))


def _terms(report: Report) -> str:
    """What the words of the answer mean, for whoever meets them for the first time."""
    majority = next((row.figures.get("pr_auc") for row in report.rows if row.kind == "majority"), None)
    what = f"“{report.positive}” above the rest" if report.positive else "each label above the rest, in the mean"
    bounds = "1 at best" if majority is None else f"{majority.mean:.3f} by chance, 1 at best"
    terms = f"Teacher: the model that was made smaller. PR-AUC: how well a model ranks {what}; {bounds}."
    margin = f"Margin: {report.margin:g} of PR-AUC, as the study file has it."
    return f"{terms} {margin}" if report.verdicts else terms


def _sections(report: Report, tables: list[Table]) -> Iterator[Section]:
    def of(*keys: Key) -> list[Table]:
        return [table for table in tables if table.key in keys]

    costs = list(_cost_pictures(report))
    results = of("quality", "verdicts", "questions")
    yield Section("Results", costs[:1], results, is_open=True)
    yield Section("Cost", costs[1:], of("cost"), is_open=True)
    yield Section("Training", list(_learning_pictures(report)), of("rates"), is_open=True)
    curves, tables_beside = list(_curve_pictures(report)), of("calibration", "labels", "more")
    yield Section("Precision, recall, calibration", curves, tables_beside, is_open=True)
    yield Section("Layers", list(_layer_pictures(report)), of("layers"), is_open=True)
    yield Section("Changed decisions", [], of("flips"), extra="flips")
    yield Section("Subgroups", [], of("subgroups", "categories"), words=AREAS if report.subgroups else "")
    yield Section("All differences", [], of("differences", "errors", "disagreements"))
    yield Section("Data", [], [], extra="data")
    yield Section("Provenance", [], [], extra="provenance")


def _cost_pictures(report: Report) -> Iterator[Picture]:
    if len(report.trade_offs) < 2:
        return
    words = (
        "Higher is better, further left is cheaper. Bars are 95 % intervals of the difference, those sideways a "
        f"standard deviation over seeds; the band is the margin of {report.margin:g}; the dashed line joins the models "
        "that no other beats on both sides."
    )
    smallest = ", ".join(point.arm for point in report.trade_offs if point.smallest)
    yield Picture(_inline(charts.tradeoff(report, "megabytes")), f"{words} By size: {smallest}.{_far(report)}")
    if any(point.milliseconds for point in report.trade_offs):
        quickest = ", ".join(point.arm for point in report.trade_offs if point.quickest)
        yield Picture(
            _inline(charts.tradeoff(report, "milliseconds")),
            f"The same against time, in the lab's own loop on one machine. By speed: {quickest}.",
        )


def _far(report: Report) -> str:
    """What stands below the picture's edge."""
    points = [point for point in report.trade_offs if charts.is_far(point, report.margin)]
    far = [f"{point.arm} ({point.difference:+.3f})" for point in points]
    return f" Far below the picture: {', '.join(far)}." if far else ""


def _learning_pictures(report: Report) -> Iterator[Picture]:
    curves = [curve for curve in report.curves.learning if any(point.validation_pr_auc for point in curve.points)]
    if curves:
        words = "PR-AUC on validation after every epoch, a line for each seed. The test split has no part in it."
        yield Picture(_inline(charts.learning(curves)), words)


def _curve_pictures(report: Report) -> Iterator[Picture]:
    curves = report.curves
    if curves.precision_recall:
        words = "; ".join(
            f"{curve.arm}: precision {curve.precision[50]:.2f} at recall 0.5, {curve.precision[80]:.2f} at 0.8"
            for curve in curves.precision_recall
        )
        yield Picture(_inline(charts.precision_recall(curves.precision_recall)), f"On test, first seed. {words}.")
    if curves.reliability:
        drawn = {curve.arm for curve in curves.reliability}
        words = "; ".join(
            f"{model.arm} {model.ece_before:.3f} before the temperature, {model.ece_after:.3f} after"
            for model in curves.calibration
            if model.arm in drawn
        )
        yield Picture(
            _inline(charts.reliability(curves.reliability)),
            f"On the diagonal a probability means what it says. Expected calibration error on test: {words}.",
        )


def _layer_pictures(report: Report) -> Iterator[Picture]:
    if report.layers:
        words = "; ".join(f"{layers.arm} {layers.kept} of {layers.depth}" for layers in report.layers)
        yield Picture(_inline(charts.kept_layers(report.layers)), f"Filled squares are kept: {words}.")
    for search in report.layer_searches:
        best = search.best
        words = f"Before any training {list(best.kept)} come closest to the teacher's answers (KL {best.kl:.4f})."
        yield Picture(_inline(charts.layer_search(search)), words)


def _inline(svg: str) -> Markup:
    """The SVG as part of a page: without its prologue, as wide as its place."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 role="img"', body, count=1)
    return Markup(body)  # matplotlib escapes the names that it draws
