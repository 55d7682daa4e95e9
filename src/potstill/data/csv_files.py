"""CSV, and its kin with another separator, read so that one damaged row costs one row."""

import csv
import io
import re
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from potstill.data.rows import TableRow, flaw
from potstill.domain.errors import DataError

LONGEST_HEADER = 100_000
FIELD_LIMIT = 10_000_000
"""Characters after which the CSV reader gives a field up: a quote that was never closed must not fill the memory."""


@dataclass(frozen=True)
class _Record:
    """What the CSV reader made of the lines `line` to `end`: its fields, or the problem with it."""

    line: int
    end: int
    fields: list[str]
    problem: str = ""


class Lines(Iterator[str]):
    """Physical lines of a stream, of which those since `mark` can be read again.

    `position` is the number of the line that was read last. The stream must keep line ends as they are (newline=""),
    so that quoted ones reach the text unchanged, and decode with "surrogateescape": an undecodable byte then costs its
    row, not the file.
    """

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self._since: list[str] = []
        self.position = 0

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._stream)
        self._since.append(line)
        self.position += 1
        return line

    def mark(self) -> int:
        """Forget the lines before this one; the position."""
        self._since.clear()
        return self.position

    def back_to_second(self) -> None:
        """Go back to the line after the first since the mark."""
        self._again.extendleft(reversed(self._since[1:]))
        self.position -= len(self._since) - 1
        self._since.clear()


def csv_rows(name: str, lines: Lines, separator: str = ",") -> tuple[list[str], Iterator[TableRow]]:
    """The columns of a CSV stream, and its rows one after the other; a damaged row has a fault and costs only itself.

    Raises:
        DataError: there is no header, or it cannot be read.
    """
    records = _csv_records(lines, separator)
    header = next(records, None)
    if header is None:
        raise DataError(f"{name} is empty")
    reason, detail = flaw(header.fields)
    if header.problem or reason:
        problem = header.problem or f"{reason}, {detail}"
        raise DataError(f"{name}, line {header.line}: the header cannot be read: {problem}")
    columns = header.fields
    return columns, (_csv_row(number, record, columns) for number, record in enumerate(records, start=1))


def csv_content(name: str, content: bytes, separator: str = "") -> tuple[list[str], list[TableRow]]:
    """The columns and rows of a whole file; without a separator the header tells it. Raises as `csv_rows` does."""
    text = content.decode("utf-8-sig", "surrogateescape")
    columns, rows = csv_rows(name, Lines(io.StringIO(text, newline="")), separator or separator_of(text))
    return columns, list(rows)


def separator_of(text: str) -> str:
    """A comma, unless the header has none but semicolons or tabs: what spreadsheets write in much of Europe."""
    header = next((line for line in re.split(r"[\r\n]+", text[:LONGEST_HEADER]) if line), "")
    return next((separator for separator in ",;\t" if separator in header), ",")


@contextmanager
def _field_limit(characters: int) -> Generator[None, None, None]:
    """The limit belongs to the whole process. At its default of 131,072 a long field would tear its row apart."""
    before = csv.field_size_limit(characters)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _csv_records(lines: Lines, separator: str) -> Generator[_Record]:
    """Yield every record but blank lines.

    `strict` matters: without it a quote that was never closed swallows the next rows up to another quote, and what
    comes out may well have the right number of columns. Here that record is one problem, and reading goes on with the
    line after its first, so that no line is lost without being counted.
    """
    reader = csv.reader(lines, strict=True, delimiter=separator)
    while True:
        begin = lines.mark()
        try:
            with _field_limit(FIELD_LIMIT):
                fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            failed = _Record(begin + 1, lines.position, [], _quote_problem(lines, error))
            yield failed
            lines.back_to_second()
            if "field larger than" not in str(error):  # where it fails depends on where it began
                yield from _records_within(lines, separator, failed, at_end="unexpected end of data" in str(error))
            reader = csv.reader(lines, strict=True, delimiter=separator)
            continue
        if fields:
            yield _Record(begin + 1, lines.position, fields)


def _records_within(lines: Lines, separator: str, failed: _Record, *, at_end: bool) -> Generator[_Record]:
    """The records that begin within the lines of one that failed, each told from its first line alone.

    Only an open quote goes on to the next line. So whatever is open where one of these lines ends comes to the next in
    the state that the failed record came to it in, and fails where that did. To read on and see would take the square
    of the time: a file of lines such as `",x","` opens a quote in each. With `at_end` the failed record found no end;
    else the line where it failed is left to be read.
    """
    while lines.position < failed.end - (not at_end):
        begin = lines.mark()
        line = next(lines)
        try:
            with _field_limit(FIELD_LIMIT):
                fields = next(csv.reader([line], strict=True, delimiter=separator))
        except csv.Error as error:
            is_open = "unexpected end of data" in str(error)
            problem = failed.problem if is_open else _quote_problem(lines, error)
            yield _Record(begin + 1, failed.end if is_open else lines.position, [], problem)
            continue
        if fields:
            yield _Record(begin + 1, lines.position, fields)


def _quote_problem(lines: Lines, error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quote opens here and is never closed"
    return f"a quote opens here and does not close properly (noticed in line {lines.position})"


def _csv_row(number: int, record: _Record, columns: Sequence[str]) -> TableRow:
    reason, detail = ("ragged row", record.problem) if record.problem else flaw(record.fields)
    if not reason and len(record.fields) != len(columns):
        until = f" (the row runs to line {record.end})" if record.end > record.line else ""
        reason, detail = "ragged row", f"{len(record.fields)} columns where the header has {len(columns)}{until}"
    if reason:
        return TableRow(number, record.line, fault=reason, detail=detail)
    return TableRow(number, record.line, dict(zip(columns, record.fields, strict=True)))
