"""Rows of a file or a stream, one after the other, whatever its size."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
import gzip
import io
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from potstill.data.tables import LONGEST_FIELD, Lines, csv_rows, excerpt, json_object, nearest
from potstill.domain.errors import DataError
from potstill.domain.normalise import normalise
from potstill.scoring.formats import Format

_PARQUET_ROWS = 4096


@dataclass(frozen=True)
class Row:
    """One row as it came: its values by column, its text, or the reason why it cannot be scored."""

    line: int
    """The line it begins on, from 1; in a Parquet file its place among the rows."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    text: str = ""
    fault: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Incoming:
    """An open source. `total` and `done()` are in the same unit (bytes or rows); `total` is None for a stream."""

    rows: Iterator[Row]
    total: int | None
    done: Callable[[], int]
    schema: Any = None
    """The column types of a Parquet file, a pyarrow.Schema."""


@contextmanager
def open_incoming(path: Path | None, stream: BinaryIO, kind: Format, text_column: str) -> Generator[Incoming]:
    """The rows of `path`, or of `stream` where there is no path.

    Raises:
        DataError: the file is missing or damaged, or has no such column; while iterating too.
    """
    name = str(path) if path else "standard input"
    try:
        with path.open("rb") if path else _kept_open(stream) as raw:
            if kind.kind == "parquet":
                yield _parquet(name, raw, text_column)
            else:
                total = path.stat().st_size if path else None
                content = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if kind.gzipped else raw
                rows = (_csv if kind.kind == "csv" else _json)(name, content, text_column)
                with closing(_whole(name, rows)) as whole, closing(rows):
                    yield Incoming(whole, total, raw.tell if path else lambda: 0)
    except FileNotFoundError as error:
        raise DataError(f"{name} does not exist") from error
    except IsADirectoryError as error:
        raise DataError(f"{name} is a folder; name a file in it") from error


@contextmanager
def _kept_open(stream: BinaryIO) -> Generator[BinaryIO]:
    yield stream


def _whole(name: str, rows: Iterator[Row]) -> Generator[Row]:
    try:
        yield from rows
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{name} is not a whole gzip file ({error}); pack it again or fetch it again") from error


def _csv(name: str, content: BinaryIO, text_column: str) -> Generator[Row]:
    stream = io.TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        columns, rows = csv_rows(name, Lines(stream))
        _check(name, columns, text_column)
        for row in rows:
            if row.fault:
                yield Row(row.line, fault=row.fault, detail=row.detail)
            else:
                yield _judged(row.line, row.values, row.values[text_column])
    finally:
        stream.detach()  # a wrapper that is thrown away closes what it wraps, standard input too


def _json(name: str, content: BinaryIO, text_column: str) -> Generator[Row]:
    seen = False
    for line, raw in enumerate(content, start=1):
        raw = raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw
        if not raw.strip():
            continue
        values, fault, detail = json_object(raw)
        seen = seen or text_column in values
        if fault:
            yield Row(line, fault=fault, detail=detail)
        elif text_column not in values and not seen:
            _check(name, list(values), text_column)
        else:
            yield _judged(line, values, values.get(text_column))


def _parquet(name: str, raw: BinaryIO, text_column: str) -> Incoming:
    try:
        file = pq.ParquetFile(raw)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{name} is not a Parquet file that opens: {error}") from error
    schema = file.schema_arrow
    _check(name, schema.names, text_column)
    place = 0

    def rows() -> Generator[Row]:
        nonlocal place
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
            for values in cast(list[dict[str, Any]], batch.to_pylist()):
                place += 1
                yield _judged(place, values, values[text_column])

    return Incoming(rows(), file.metadata.num_rows, lambda: place, schema)


def _check(name: str, columns: list[str], text_column: str) -> None:
    if text_column not in columns:
        known = ", ".join(f'"{excerpt(column)}"' for column in columns[:30])
        raise DataError(f'{name} has no column "{text_column}".{nearest(text_column, columns)} Its columns: {known}')
    if columns.count(text_column) > 1:
        raise DataError(f'{name} has more than one column "{text_column}"; rename all but one')


def _judged(line: int, values: Mapping[str, Any], text: object) -> Row:
    """The row, with a fault where its text is none."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        return Row(line, fault="missing text", detail=f"the text is {type(text).__name__}, not a string")
    if not (text.strip() if text.isascii() else normalise(text)):
        return Row(line, fault="empty text")
    if len(text) > LONGEST_FIELD:
        return Row(line, fault="over-long field", detail=f"{len(text):,} characters, beginning {excerpt(text)}")
    return Row(line, values, text)
