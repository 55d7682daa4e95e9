"""Parquet files, and other tables of Arrow."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from potstill.data.arrow import ARROW_ERRORS, ArrowTable, ParquetFile
from potstill.data.rows import TableRow, flaw
from potstill.domain.errors import DataError


def parquet_rows(name: str, content: bytes) -> tuple[list[str], list[TableRow]]:
    """The columns and rows of a Parquet file.

    Raises:
        DataError: the file is damaged.
    """
    try:
        file = ParquetFile(io.BytesIO(content))
        rows = [_row(number, file.columns, values) for number, (values, _) in enumerate(file.rows(), start=1)]
    except ARROW_ERRORS as error:
        raise DataError(f"{name} is not a whole Parquet file: {error}") from error
    return file.columns, rows


def arrow_rows(table: ArrowTable) -> tuple[list[str], list[TableRow]]:
    """The columns and rows of a pyarrow.Table; a value of a nested type is None, as in JSON."""
    columns = [str(column) for column in table.column_names]
    values = [column.to_pylist() for column in table.columns]
    by_row = (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))
    return columns, [_row(number, columns, row) for number, row in enumerate(by_row, start=1)]


def _row(number: int, columns: Sequence[str], row: Mapping[str, Any]) -> TableRow:
    values: dict[str, str | None] = {}
    reason, detail = "", ""
    for column in columns:
        value = row[column]
        try:
            values[column] = _as_text(value)
        except UnicodeDecodeError:
            reason, detail = "bad encoding", f'"{column}" is not UTF-8'
    if not reason:
        reason, detail = flaw([value for value in values.values() if value is not None])
    called = f"row {number}"
    if reason:
        return TableRow(number, number, fault=reason, detail=detail, called=called)
    return TableRow(number, number, values, called=called)


def _as_text(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return None if isinstance(value, list | dict | tuple) else str(value)
