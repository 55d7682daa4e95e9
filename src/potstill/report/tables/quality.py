"""The first table, further measures, those of each label, and cost: one row for each arm."""

from typing import Literal

from potstill.analysis.report import Report
from potstill.analysis.rows import PER_LABEL, Row
from potstill.report.tables.table import Table, short_count

Group = Literal["quality", "more", "cost"]
TIMED = ("train_seconds", "texts_per_second")
"""Columns that differ between two runs of the same study: the rest must not."""
COLUMNS: dict[str, tuple[Group, str]] = {
    "pr_auc": ("quality", "PR-AUC"),
    "accuracy": ("quality", "accuracy"),
    "mcc": ("quality", "MCC"),
    "sampled_accuracy": ("quality", "epoch acc."),
    "roc_auc": ("more", "ROC-AUC"),
    "macro_f1": ("more", "macro-F1"),
    "agreement": ("more", "agreement with teacher"),
    "training_loss": ("more", "training loss"),
    "parameters": ("cost", "parameters"),
    "trainable_parameters": ("cost", "trained"),
    "bytes": ("cost", "MB"),
    "train_tokens": ("cost", "train tokens"),
    "train_seconds": ("cost", "train s"),
    "texts_per_second": ("cost", "texts/s"),
}
TITLES: dict[Group, str] = {
    "quality": "Test, {rows:,} rows: mean ± standard deviation over seeds; no ± means a single run",
    "more": "Further measures on test",
    "cost": "Cost",
}
LABEL_HEADS = {"precision": "precision", "recall": "recall", "f1": "F1", "pr_auc": "PR-AUC"}
NOT_ABOVE_MAJORITY = "!"
WAIVED = "†"


def quality(report: Report) -> Table:
    """The declared metric and what stands beside it, for every arm."""
    return _table(report, "quality", timed=True)


def further_measures(report: Report) -> Table:
    """What else is measured on test."""
    return _table(report, "more", timed=True)


def cost(report: Report, *, timed: bool) -> Table:
    """What every arm took and weighs; without `timed` nothing that differs between two runs of one study."""
    return _table(report, "cost", timed=timed)


def _table(report: Report, group: Group, *, timed: bool) -> Table:
    there = {name for row in report.rows for name in row.figures}
    names = [n for n, (g, _) in COLUMNS.items() if g == group and n in there and (timed or n not in TIMED)]
    main = group == "quality"
    body = [
        [_name(row, main), *([row.layers or "-"] if main else []), *(_cell(row, name) for name in names)]
        for row in report.rows
    ]
    head = ["arm", *(["layers"] if main else []), *(COLUMNS[name][1] for name in names)]
    return Table(group, TITLES[group].format(rows=report.test_rows), head, body)


def _name(row: Row, main: bool) -> str:
    marks = [
        mark for mark, there in ((NOT_ABOVE_MAJORITY, row.not_above_majority and main), (WAIVED, row.waived)) if there
    ]
    return " ".join([row.arm, *marks])


def _cell(row: Row, name: str) -> str:
    figure = row.figures.get(name)
    if figure is None:
        return "-"
    if name in ("parameters", "trainable_parameters", "train_tokens"):
        return short_count(figure.mean)
    if name == "bytes":
        return f"{figure.mean / 1e6:.1f}"
    digits = 0 if name in TIMED else 3
    spread = "" if figure.spread is None else f" ± {figure.spread:.{digits}f}"
    return f"{figure.mean:.{digits}f}{spread}"


def labels(report: Report) -> list[Table]:
    """The measures of every label, each in a table of its own, the positive one first."""
    # Of two labels one is ranked by, and its PR-AUC stands in the first table.
    shown = [measure for measure in PER_LABEL if measure != "pr_auc" or report.positive is None]
    head = ["arm", *(LABEL_HEADS[measure] for measure in shown)]
    fitted = ", at the fitted threshold" if any(row.thresholds for row in report.rows) else ""
    return [
        Table("labels", f'Label "{label}" on test{fitted}', head, _of_label(report, label, shown))
        for label in sorted(report.task, key=lambda label: label != report.positive)
    ]


def _of_label(report: Report, label: str, measures: list[str]) -> list[list[str]]:
    return [[row.arm, *(_cell(row, f"{name} {label}") for name in measures)] for row in report.rows if row.figures]
