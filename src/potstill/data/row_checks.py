"""One row of a file: whether a study asks for it, and whether it can be used."""

import math
from collections.abc import Mapping

from potstill.data.labels import SEVERAL
from potstill.data.rows import DataRow, Rejection, TableRow, excerpt, leak_key
from potstill.data.source import Source
from potstill.data.values import reading
from potstill.domain.normalise import normalise
from potstill.domain.readable import has_marks


def is_asked_for(row: TableRow, readings: Mapping[str, str]) -> bool:
    """Whether the row's columns read as `where` says, given as readings by column."""
    return all(reading(row.values.get(column) or "") == value for column, value in readings.items())


def checked_row(row: TableRow, source: Source) -> DataRow | Rejection:
    """The row with its text normalised, its label still as in the file; or the reason why it cannot be used."""
    if row.fault:
        return Rejection(row.fault, row.place, row.detail)
    for column in _used_columns(source):
        if row.values.get(column, "") is None:
            return Rejection("bad JSON", row.place, f'"{column}" holds a list or an object')
    text = normalise(_cell(row, source.text))
    if not has_marks(text):
        return Rejection("empty text", row.place, f'"{source.text}" is empty')
    if not all(normalise(_cell(row, column)) for column in source.label_columns):
        return Rejection("missing label", row.place, excerpt(_cell(row, source.text)))
    weight = 1.0 if source.weight is None else _weight(_cell(row, source.weight))
    if weight is None:
        detail = f'"{excerpt(_cell(row, source.weight))}" is not a finite number above 0'
        return Rejection("bad weight", row.place, detail)
    return DataRow(
        number=row.number,
        place=row.place,
        id=_cell(row, source.id).strip() or str(row.number),
        text=text,
        key=leak_key(text),
        label=SEVERAL.join(_cell(row, column).strip() for column in source.label_columns),
        weight=weight,
        group=_cell(row, source.group).strip(),
        category=_cell(row, source.category).strip(),
    )


def _used_columns(source: Source) -> list[str]:
    named = (source.text, *source.label_columns, source.id, source.weight, source.group, source.category)
    return [column for column in named if column is not None]


def _cell(row: TableRow, column: str | None) -> str:
    return "" if column is None else row.values.get(column) or ""


def _weight(text: str) -> float | None:
    try:
        weight = float(text.replace("_", "?"))  # float("1_000") is 1000 to Python, to nobody else
    except ValueError:
        return None
    return weight if math.isfinite(weight) and weight > 0 else None
