"""Rows of a file or a stream, one after the other, whatever its size."""

import gzip
import io
import math
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from potstill.data.arrow import ARROW_ERRORS, ParquetFile
from potstill.data.csv_files import Lines, csv_rows, stream_lines
from potstill.data.files import unpacking
from potstill.data.json_lines import json_lines, json_object
from potstill.data.rows import LONGEST_FIELD, excerpt
from potstill.data.source import check_columns
from potstill.domain.errors import DataError
from potstill.domain.readable import has_marks
from potstill.scoring.formats import Format


@dataclass(frozen=True)
class Row:
    """One row as it came: its values by column, its text, or the reason why it cannot be scored."""

    line: int
    """The line it begins on, from 1; in a Parquet file its place among the rows."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    text: str = ""
    fault: str = ""
    detail: str = ""
    size: int = 0
    """Of all its values as they came, in bytes or characters."""


@dataclass(frozen=True)
class Incoming:
    """An open source. `total` and `done()` are in the same unit (bytes or rows); `total` is None for a stream."""

    rows: Iterator[Row]
    total: int | None
    done: Callable[[], int]
    columns: list[str] = field(default_factory=list[str])
    """Those that the file itself names; JSON lines have no header."""
    schema: Any = None
    """The column types of a Parquet file, a pyarrow.Schema."""


@contextmanager
def open_incoming(path: Path | None, stream: BinaryIO, kind: Format, text_column: str) -> Generator[Incoming]:
    """The rows of `path`, or of `stream` where there is no path.

    Raises:
        DataError: the file is missing or damaged, or has no such column; while iterating too.
    """
    name = str(path) if path else "standard input"
    with open_file(path) if path else _kept_open(stream) as raw:
        if kind.kind == "parquet":
            yield _parquet(name, raw, text_column)
            return
        total = path.stat().st_size if path else None
        done = raw.tell if path else lambda: 0
        content = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if kind.gzipped else raw
        if kind.kind == "jsonl":
            rows = _json(name, content, text_column)
            with closing(rows), closing(_whole(name, rows)) as whole:
                yield Incoming(whole, total, done)
            return
        columns, rows = _csv(name, content, text_column)
        with closing(rows), closing(_whole(name, rows)) as whole:
            yield Incoming(whole, total, done, columns)


def open_file(path: Path) -> BinaryIO:
    """A plain file to read, which can be read again. Raises DataError."""
    try:
        if path.exists() and not path.is_file():
            kind = "a folder; name a file in it" if path.is_dir() else "a stream; name it as - and redirect it"
            raise DataError(f"{path} is {kind}")
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


@contextmanager
def _kept_open(stream: BinaryIO) -> Generator[BinaryIO]:
    yield stream


def _whole(name: str, rows: Iterator[Row]) -> Generator[Row]:
    with unpacking(name):
        yield from rows


def _csv(name: str, content: BinaryIO, text_column: str) -> tuple[list[str], Generator[Row]]:
    stream = io.TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        with unpacking(name):
            columns, rows = csv_rows(name, Lines(stream_lines(stream.readline), name))
        _check(name, columns, text_column)
    except DataError:
        stream.detach()
        raise

    def checked_rows() -> Generator[Row]:
        try:
            for row in rows:
                if row.fault:
                    yield Row(row.line, fault=row.fault, detail=row.detail)
                else:
                    size = sum(map(len, filter(None, row.values.values())))
                    yield _checked_row(row.line, row.values, row.values[text_column], size)
        finally:
            stream.detach()  # a wrapper that is thrown away closes what it wraps, standard input too

    return columns, checked_rows()


def _json(name: str, content: BinaryIO, text_column: str) -> Generator[Row]:
    seen = False
    for number, raw in json_lines(content.readline):
        values, fault, detail = json_object(raw)
        seen = seen or text_column in values
        if fault:
            yield Row(number, fault=fault, detail=detail)
        elif text_column not in values and not seen:
            _check(name, list(values), text_column)
        else:
            yield _checked_row(number, values, values.get(text_column), len(raw))


def _parquet(name: str, raw: BinaryIO, text_column: str) -> Incoming:
    try:
        file = ParquetFile(raw)
    except ARROW_ERRORS as error:
        raise DataError(f"{name} is not a Parquet file that opens: {error}") from error
    _check(name, file.columns, text_column)
    place = 0

    def rows() -> Generator[Row]:
        nonlocal place
        unpacked = file.rows()
        while True:
            try:
                values, size = next(unpacked)
            except StopIteration:
                return
            except ARROW_ERRORS as error:
                raise DataError(f"{name}: rows from {place + 1:,} on cannot be read: {error}") from error
            place += 1
            text = values[text_column]
            if isinstance(text, bytes):  # a column of plain bytes, as training reads it
                try:
                    text = values[text_column] = text.decode("utf-8")
                except UnicodeDecodeError:
                    yield Row(place, fault="bad encoding", detail="the text is not UTF-8")
                    continue
            yield _checked_row(place, values, text, size)

    return Incoming(rows(), file.num_rows, lambda: place, file.columns, file.schema)


def _check(name: str, columns: list[str], text_column: str) -> None:
    """Check for the text as studies do, and that no column stands twice: all of them are written again."""
    check_columns(name, columns, [text_column, *columns])


def _checked_row(line: int, values: Mapping[str, Any], text: object, size: int) -> Row:
    """The row, with a fault where its text is none."""
    if isinstance(text, int | float) and not isinstance(text, bool) and math.isfinite(text):
        text = str(text)
    if not isinstance(text, str):
        return Row(line, fault="missing text", detail=f"the text is {type(text).__name__}, not a string")
    if not has_marks(text):
        return Row(line, fault="empty text")
    if len(text) > LONGEST_FIELD:
        return Row(line, fault="over-long field", detail=f"{len(text):,} characters, beginning {excerpt(text)}")
    return Row(line, values, text, size=size)
