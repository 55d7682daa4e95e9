"""CSV, and its kin with another separator, read so that one damaged row costs one row."""

import csv
import re
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from potstill.data.rows import TableRow, flaw
from potstill.domain.errors import DataError

SEPARATORS = ",;\t"
"""Those that a header tells by itself; a first line of `sep=|` names any."""
LONGEST_HEADER = 100_000
"""Characters of lines in which a separator is looked for."""
LONGEST_LINE = 20_000_000
"""Characters; one line must not fill the memory."""
FIELD_LIMIT = RECORD_LIMIT = 10_000_000
"""Characters after which a field, or the lines of a row, are given up: a quote that was never closed must not fill the
memory."""
MOST_LINES = 200_000
"""Of one row. A text of a million characters, the longest that is taken, has fewer."""
MOST_BLANK = 100_000
"""Lines before the header."""
_NAMED = re.compile(r'"?sep=(?P<separator>[^\w"\r\n])"?[\r\n]*', re.IGNORECASE | re.ASCII)
"""What Excel writes, and understands, above the header: a line that names the separator."""


@dataclass(frozen=True)
class _Record:
    """What the CSV reader made of the lines `line` to `end`: its fields, or the problem with it."""

    line: int
    end: int
    fields: list[str]
    problem: str = ""


class Lines(Iterator[str]):
    """Physical lines of a stream, of which those since `mark` can be read again; `name` is what messages call it.

    `position` is the number of the line that was read last. The stream must keep line ends as they are (newline=""),
    so that quoted ones reach the text unchanged, and decode with "surrogateescape": an undecodable byte then costs its
    row, not the file.
    """

    def __init__(self, stream: Iterator[str], name: str = "") -> None:
        self._stream, self._name = stream, name
        self._again: deque[str] = deque()
        self._since: list[str] = []
        self._characters = 0
        self.position = 0

    def __next__(self) -> str:
        if self._characters > RECORD_LIMIT or len(self._since) >= MOST_LINES:
            raise csv.Error(_TOO_LONG)
        line = self._again.popleft() if self._again else next(self._stream)
        if len(line) > LONGEST_LINE:
            where = f"{self._name}, line {self.position + 1}"
            raise DataError(f"{where} has more than {LONGEST_LINE:,} characters: this is not a CSV file")
        self._since.append(line)
        self._characters += len(line)
        self.position += 1
        return line

    def mark(self) -> int:
        """Forget the lines before this one; the position."""
        self._since.clear()
        self._characters = 0
        return self.position

    def back_to(self, kept: int) -> None:
        """Go back to the line after the first `kept` since the mark, and mark it."""
        self._again.extendleft(reversed(self._since[kept:]))
        self.position -= len(self._since) - kept
        self.mark()


_TOO_LONG = "row too long"


def csv_rows(name: str, lines: Lines, separator: str = "") -> tuple[list[str], Iterator[TableRow]]:
    """The columns of a CSV stream, and its rows one after the other; a damaged row has a fault and costs only itself.

    A first line such as `sep=;` names the separator, else it is the one given, else the header tells it.

    Raises:
        DataError: there is no header, or it cannot be read; while iterating: a line would fill the memory.
    """
    separator = _named_separator(name, lines) or separator or _separator_of_header(lines)
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


def stream_lines(readline: Callable[[int], str]) -> Iterator[str]:
    """The lines of a text stream by its `readline`, of one that would fill the memory only the beginning."""
    return iter(lambda: readline(LONGEST_LINE + 1), "")


def _named_separator(name: str, lines: Lines) -> str:
    """What the first line that is not blank names, which is then read; else nothing, and that line is next.

    Raises:
        DataError: no such line comes for very long.
    """
    for _ in range(MOST_BLANK):
        lines.mark()
        line = next(lines, "")
        if match := _NAMED.fullmatch(line):
            return match["separator"]
        if line.strip("\r\n") or not line:
            lines.back_to(0)
            return ""
    raise DataError(f"{name}: its first {MOST_BLANK:,} lines are blank: this is not a CSV file")


def _separator_of_header(lines: Lines) -> str:
    """Which of the separators makes the most columns of the header, the lines of which are not used up; a comma where
    none makes two.

    So a separator within quotes does not count, and of `text (de, fr);label;id` the semicolon is it. One by which a
    quote stands where none may, as the comma in `id;"text, in short"`, comes after those by which all stand well.
    """
    lines.mark()
    header: list[str] = []
    quotes = characters = 0
    while line := next(lines, ""):
        header.append(line)
        quotes, characters = quotes + line.count('"'), characters + len(line)
        if quotes % 2 == 0 or characters > LONGEST_HEADER:
            break
    lines.back_to(0)
    text = "".join(header).rstrip("\r\n")
    columns = {by: (_is_well_quoted(text, by), _columns(header, by)) for by in SEPARATORS}
    return max(columns, key=lambda separator: columns[separator])


def _is_well_quoted(header: str, separator: str) -> bool:
    """Whether each quote of the header opens, closes or stands doubled in a field."""
    field = rf'("([^"]|"")*+"|[^"{separator}]*+)'
    return re.fullmatch(rf"{field}({separator}{field})*+", header) is not None


def _columns(header: Sequence[str], separator: str) -> int:
    """The columns of the header, if several; 0 where a quote does not close properly."""
    try:
        with _field_limit(FIELD_LIMIT):
            columns = next(csv.reader(header, strict=True, delimiter=separator), ())
    except csv.Error:
        return 0
    return len(columns) if len(columns) > 1 else 0


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
            lines.back_to(1)
            yield from _records_within(lines, separator, failed, with_last=_is_open(error))
            reader = csv.reader(lines, strict=True, delimiter=separator)
            continue
        if fields:
            yield _Record(begin + 1, lines.position, fields)


def _records_within(lines: Lines, separator: str, failed: _Record, *, with_last: bool) -> Generator[_Record]:
    """The records that begin within the lines of one that failed, each told from its first line alone.

    Only an open quote goes on to the next line. So whatever is open where one of these lines ends comes to the next in
    the state that the failed record came to it in, and fails where that did: the last quote that opens is the same,
    since the field before it would be closed by it. To read on and see would take the square of the time: a file of
    lines such as `",x","` opens a quote in each. The line where the failed record failed is left to be read, unless
    `with_last`: then it found no end, or none within a row's limits.
    """
    while lines.position < failed.end - (not with_last):
        begin = lines.mark()
        line = next(lines)
        try:
            with _field_limit(FIELD_LIMIT):
                fields = next(csv.reader([line], strict=True, delimiter=separator))
        except csv.Error as error:
            problem = failed.problem if _is_open(error) else _quote_problem(lines, error)
            yield _Record(begin + 1, failed.end if _is_open(error) else lines.position, [], problem)
            continue
        if fields:
            yield _Record(begin + 1, lines.position, fields)


def _is_open(error: csv.Error) -> bool:
    """Whether the lines ended in an open quote, or grew too many in one."""
    return str(error) in ("unexpected end of data", _TOO_LONG)


def _quote_problem(lines: Lines, error: csv.Error) -> str:
    if str(error) == _TOO_LONG:
        return f"a quote opens here and is not closed up to line {lines.position:,}"
    if _is_open(error):
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
