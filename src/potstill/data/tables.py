"""Files of rows: CSV and JSON lines, plain or gzipped, read so that one damaged row costs one row."""

import csv
import difflib
import gzip
import io
import json
import math
import zlib
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import cast

from potstill.domain.errors import DataError

SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz")
LONGEST_FIELD = 1_000_000
"""Characters; a longer field is nearly always a quote that was never closed."""
FIELD_LIMIT = 10_000_000
"""Characters after which the CSV reader gives a field up: a quote that was never closed must not fill the memory."""
LONGEST_EXCERPT = 80
DEEPEST = 64
"""Lists and objects in each other, in a line of JSON."""


@dataclass(frozen=True)
class TableRow:
    """One row as it stands in the file, before anything is known about its columns.

    `number` counts rows from 1 without the header, `line` is the line of the file on which the row begins. A value is
    None where JSON has a list or an object. A row with a `fault` (the reason for its rejection) has no values.
    """

    number: int
    line: int
    values: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    fault: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Table:
    """All rows of one source. `name` is what messages call it; `fingerprint` is "sha256:<hex>" of its bytes."""

    name: str
    columns: Sequence[str]
    rows: Sequence[TableRow]
    fingerprint: str


def read_table(name: str, root: Path) -> Table:
    """Read the file `name`, relative to `root`; the ending of the name says how.

    Raises:
        DataError: the file is missing, a folder, damaged, empty, without rows or of an unknown kind.
    """
    path = root / name
    suffix = next((known for known in SUFFIXES if path.name.lower().endswith(known)), None)
    if suffix is None:
        raise DataError(f"{name}: the file's kind is read from its ending, which must be one of {', '.join(SUFFIXES)}")
    raw = _read_bytes(name, path)
    content = _unpacked(name, raw) if suffix.endswith(".gz") else raw
    _refuse_other_formats(name, content)
    columns, rows = (_csv_content if suffix.startswith(".csv") else _json_rows)(name, content)
    if not rows:
        raise DataError(f"{name}: the file has no rows")
    return Table(name, columns, rows, f"sha256:{sha256(raw).hexdigest()}")


def excerpt(text: str) -> str:
    """The beginning of `text`, safe to print: one line, at most 80 characters, no control characters."""
    head = text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1] + "…"
    # An escape sequence in a comment must not reach somebody's terminal; a lone surrogate cannot be written at all.
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in head)


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint such as ` Did you mean "text"?`, or nothing where no known word is near."""
    by_folded = {name.strip().casefold(): name for name in known}
    found = difflib.get_close_matches(word.strip().casefold(), list(by_folded), n=1, cutoff=0.5)
    return f' Did you mean "{by_folded[found[0]]}"?' if found else ""


# --- bytes


def _read_bytes(name: str, path: Path) -> bytes:
    if path.is_dir():
        raise DataError(f"{name} is a folder; name a file in it")
    if not path.exists():
        raise DataError(f"{name} does not exist.{_neighbours(path)}")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error
    if not raw:
        raise DataError(f"{name} is empty")
    return raw


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f" Its folder {path.parent} does not exist either."
    files = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    near = difflib.get_close_matches(path.name, files, n=3, cutoff=0.4)
    return f" Near it in {path.parent}: {', '.join(near)}." if near else ""


def _unpacked(name: str, raw: bytes) -> bytes:
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name} is not a whole gzip file ({error}); pack it again or fetch it again") from error


def _refuse_other_formats(name: str, content: bytes) -> None:
    kinds = {
        b"\x1f\x8b": "is gzipped (once more than its name says); end its name in .gz",
        b"PK\x03\x04": "is a zip archive or a spreadsheet; save it as CSV",
        b"\xff\xfe": "is UTF-16; save it as UTF-8",
        b"\xfe\xff": "is UTF-16; save it as UTF-8",
    }
    for magic, meaning in kinds.items():
        if content.startswith(magic):
            raise DataError(f"{name} {meaning}")


# --- CSV


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


def csv_rows(name: str, lines: Lines) -> tuple[list[str], Iterator[TableRow]]:
    """The columns of a CSV stream, and its rows one after the other; a damaged row has a fault and costs only itself.

    Raises:
        DataError: there is no header, or it cannot be read.
    """
    records = _csv_records(lines)
    header = next(records, None)
    if header is None:
        raise DataError(f"{name} is empty")
    reason, detail = _flaw(header.fields)
    if header.problem or reason:
        problem = header.problem or f"{reason}, {detail}"
        raise DataError(f"{name}, line {header.line}: the header cannot be read: {problem}")
    columns = header.fields
    return columns, (_csv_row(number, record, columns) for number, record in enumerate(records, start=1))


def _csv_content(name: str, content: bytes) -> tuple[list[str], list[TableRow]]:
    text = content.decode("utf-8-sig", "surrogateescape")
    columns, rows = csv_rows(name, Lines(io.StringIO(text, newline="")))
    return columns, list(rows)


@contextmanager
def _field_limit(characters: int) -> Generator[None, None, None]:
    """The limit belongs to the whole process. At its default of 131,072 a long field would tear its row apart."""
    before = csv.field_size_limit(characters)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _csv_records(lines: Lines) -> Generator[_Record]:
    """Yield every record but blank lines.

    `strict` matters: without it a quote that was never closed swallows the next rows up to another quote, and what
    comes out may well have the right number of columns. Here that record is one problem, and reading goes on with the
    line after its first, so that no line is lost without being counted.
    """
    reader = csv.reader(lines, strict=True)
    while True:
        begin = lines.mark()
        try:
            with _field_limit(FIELD_LIMIT):
                fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Record(begin + 1, lines.position, [], _quote_problem(lines, error))
            lines.back_to_second()
            reader = csv.reader(lines, strict=True)
            continue
        if fields:
            yield _Record(begin + 1, lines.position, fields)


def _quote_problem(lines: Lines, error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quote opens here and is never closed"
    return f"a quote opens here and does not close properly (noticed in line {lines.position})"


def _csv_row(number: int, record: _Record, columns: Sequence[str]) -> TableRow:
    reason, detail = ("ragged row", record.problem) if record.problem else _flaw(record.fields)
    if not reason and len(record.fields) != len(columns):
        until = f" (the row runs to line {record.end})" if record.end > record.line else ""
        reason, detail = "ragged row", f"{len(record.fields)} columns where the header has {len(columns)}{until}"
    if reason:
        return TableRow(number, record.line, fault=reason, detail=detail)
    return TableRow(number, record.line, dict(zip(columns, record.fields, strict=True)))


def _flaw(fields: Sequence[str]) -> tuple[str, str]:
    """The reason why these fields cannot be used, with a detail; two empty strings where they can."""
    for value in fields:
        if len(value) > LONGEST_FIELD:
            return "over-long field", f"{len(value):,} characters, beginning {excerpt(value)}"
        if "\0" in value:
            return "NUL", excerpt(value)
        try:
            value.encode()
        except UnicodeEncodeError:
            return "bad encoding", f"not UTF-8: {excerpt(value)}"
    return "", ""


# --- JSON lines


def _json_rows(name: str, content: bytes) -> tuple[list[str], list[TableRow]]:
    # Split bytes, not text: str.splitlines would also cut at U+2028 and friends, which JSON allows inside a string.
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    filled = [(line, text) for line, text in enumerate(lines, start=1) if text.strip()]
    rows = [_json_row(number, line, text) for number, (line, text) in enumerate(filled, start=1)]
    columns = list(dict.fromkeys(column for row in rows for column in row.values))
    if rows and not columns:
        first = rows[0]
        raise DataError(f"{name}: no line holds a JSON object; line {first.line}: {first.fault}, {first.detail}")
    return columns, rows


def _json_row(number: int, line: int, raw: bytes) -> TableRow:
    parsed, reason, detail = json_object(raw)
    values = {key: _as_text(value) for key, value in parsed.items()}
    if not reason:
        reason, detail = _flaw([value for value in values.values() if value is not None])
    return TableRow(number, line, fault=reason, detail=detail) if reason else TableRow(number, line, values)


def json_object(raw: bytes) -> tuple[dict[str, object], str, str]:
    """The object on one line, or the reason why there is none, with a detail."""
    if b"\0" in raw:
        return {}, "NUL", excerpt(raw.decode("utf-8", "replace"))
    try:
        parsed: object = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return {}, "bad encoding", excerpt(raw.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):  # ValueError: also a number of more digits than Python converts
        return {}, "bad JSON", excerpt(raw.decode("utf-8"))
    if not isinstance(parsed, dict):
        return {}, "bad JSON", f"not an object: {excerpt(raw.decode('utf-8'))}"
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _is_deep(cast(object, parsed)):
        return {}, "bad JSON", f"nested more than {DEEPEST} deep: {excerpt(raw.decode('utf-8'))}"
    return cast(dict[str, object], parsed), "", ""


def _is_deep(value: object) -> bool:
    """Whether lists and objects stand more than `DEEPEST` deep in each other: what is read could not be written."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
    return any(isinstance(one, list | dict) for one in level)


def _inner(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast(dict[str, object], value).values())
    return cast(list[object], value) if isinstance(value, list) else []


def _as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value) if isinstance(value, bool | int | float) else None
