"""The report as one HTML page that opens from disk, asks for nothing, and is dark where the reader's screen is."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup

from potstill.report import pictures
from potstill.report.figures import Report
from potstill.report.layout import lay_out
from potstill.report.sheets import Key, Sheet
from potstill.report.whom_sheets import AREAS


@dataclass(frozen=True)
class Picture:
    """An SVG and the words beside it."""

    svg: Markup
    words: str


@dataclass(frozen=True)
class Section:
    """One stretch of the page."""

    title: str
    pictures: list[Picture]
    sheets: list[Sheet]
    words: str = ""


def html(report: Report) -> str:
    """The page. Text from data or from a study file is escaped by the template, everywhere."""
    page = lay_out(report)
    sections = [one for one in _sections(report, page.sheets) if one.pictures or one.sheets or one.title in WORDED]
    room = files("potstill.report")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(room.joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        page=page,
        key=_key(report),
        sections=sections,
        study=json.dumps(report.made.study, indent=2, ensure_ascii=False),
        style=Markup(room.joinpath("page.css").read_text(encoding="utf-8")),  # our own file
    )


def _key(report: Report) -> str:
    """What the words of the answer mean, for whoever meets them for the first time."""
    majority = next((row.figures.get("pr_auc") for row in report.rows if row.kind == "majority"), None)
    chance = majority.mean if majority else None
    what = f"“{report.positive}” above the rest" if report.positive else "each label above the rest, in the mean"
    bounds = "1 at best" if chance is None else f"{chance:.3f} by chance, 1 at best"
    lines = f"Teacher: the model that was made smaller. PR-AUC: how well a model ranks {what}; {bounds}."
    return f"{lines} The margin, {report.margin:g} of it, stands in the study file." if report.verdicts else lines


WORDED = ("Data", "How it was made")
"""Sections whose words stand in the template."""


def _sections(report: Report, sheets: list[Sheet]) -> Iterator[Section]:
    def of(*keys: Key) -> list[Sheet]:
        return [sheet for sheet in sheets if sheet.key in keys]

    yield Section("The table", [], of("quality", "verdicts", "questions"))
    yield Section("Quality against cost", list(_cost_pictures(report)), of("cost"))
    yield Section("How they learnt", list(_learning_pictures(report)), of("search"))
    yield Section("Precision, recall, calibration", list(_curve_pictures(report)), of("calibration", "labels", "more"))
    yield Section("Which layers were kept", list(_layer_pictures(report)), of("layers"))
    yield Section("What flipped", [], of("flips"))
    yield Section("Whom it hits", [], of("subgroups", "categories"), AREAS if report.subgroups else "")
    yield Section("Every difference", [], of("differences", "errors", "disagreements"))
    yield Section("Data", [], [])
    yield Section("How it was made", [], [])


def _cost_pictures(report: Report) -> Iterator[Picture]:
    if len(report.trade_offs) < 2:
        return
    words = (
        "Higher is better, further left is cheaper. Bars are 95 % intervals of the difference, those sideways a "
        f"standard deviation over seeds; the band is the margin of {report.margin:g}; the dashed line joins what no "
        "other beats."
    )
    smallest = ", ".join(one.arm for one in report.trade_offs if one.smallest)
    yield Picture(
        _inline(pictures.trade_off(report, "megabytes")), f"{words} By size that is {smallest}.{_far(report)}"
    )
    if any(one.milliseconds for one in report.trade_offs):
        quickest = ", ".join(one.arm for one in report.trade_offs if one.quickest)
        yield Picture(
            _inline(pictures.trade_off(report, "milliseconds")),
            f"The same against time, in the lab's own loop on one machine. By speed the front is {quickest}.",
        )


def _far(report: Report) -> str:
    """What stands below the picture's edge."""
    far = [f"{one.arm} ({one.difference:+.3f})" for one in report.trade_offs if pictures.is_far(one, report.margin)]
    return f" Far below the picture: {', '.join(far)}." if far else ""


def _learning_pictures(report: Report) -> Iterator[Picture]:
    curves = [one for one in report.curves.learning if any(point.validation_pr_auc for point in one.points)]
    if curves:
        words = "PR-AUC on validation after every epoch, a line for each seed. Test has no part in it."
        yield Picture(_inline(pictures.learning(curves)), words)


def _curve_pictures(report: Report) -> Iterator[Picture]:
    curves = report.curves
    if curves.precision_recall:
        words = "; ".join(
            f"{one.arm}: precision {one.precision[50]:.2f} at recall 0.5, {one.precision[80]:.2f} at 0.8"
            for one in curves.precision_recall
        )
        yield Picture(_inline(pictures.precision_recall(curves.precision_recall)), f"On test, first seed. {words}.")
    if curves.reliability:
        words = "; ".join(
            f"{one.arm} {one.ece_before:.3f} before the temperature, {one.ece_after:.3f} after"
            for one in curves.calibration
            if one.arm in {curve.arm for curve in curves.reliability}
        )
        yield Picture(
            _inline(pictures.reliability(curves.reliability)),
            f"On the diagonal a probability means what it says. Expected calibration error on test: {words}.",
        )


def _layer_pictures(report: Report) -> Iterator[Picture]:
    if report.layers:
        words = "; ".join(f"{one.arm} {one.kept} of {one.depth}" for one in report.layers)
        yield Picture(_inline(pictures.kept_layers(report.layers)), f"Filled squares are kept: {words}.")
    for search in report.layer_searches:
        best = search.best
        words = f"Before any training {list(best.kept)} answer most as the teacher does (KL {best.kl:.4f})."
        yield Picture(_inline(pictures.picture_of_layers(search)), words)


def _inline(svg: str) -> Markup:
    """The SVG as part of a page: without its prologue, as wide as its place."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 role="img"', body, count=1)
    return Markup(body)  # matplotlib escapes the names that it draws
