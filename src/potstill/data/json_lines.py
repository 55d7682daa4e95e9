"""JSON lines, read so that one damaged line costs one row."""

import json
import math
from collections.abc import Callable, Iterator
from typing import cast

from potstill.data.rows import TableRow, excerpt, flaw
from potstill.domain.errors import DataError

DEEPEST = 64
"""Lists and objects in each other, in a line of JSON."""
LONGEST_LINE = 20_000_000
"""Bytes: a text of a million characters, the longest that is taken, fits in, each written as two escapes."""
MOST_INNER = 1_000_000
"""Brackets of a kind in a line: an empty list takes thirty times as much memory as it takes bytes."""


def json_rows(name: str, readline: Callable[[int], bytes]) -> tuple[list[str], list[TableRow]]:
    """The columns and rows of JSON lines, which `readline` gives as UTF-8. Raises DataError where none is an object."""
    rows = [_json_row(number, line, raw) for number, (line, raw) in enumerate(json_lines(readline), start=1)]
    columns = list(dict.fromkeys(column for row in rows for column in row.values))
    if rows and not columns:
        first = rows[0]
        raise DataError(f"{name}: no line holds a JSON object; line {first.line}: {first.fault}, {first.detail}")
    return columns, rows


def json_lines(readline: Callable[[int], bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, each with its number; of a line that is longer than `LONGEST_LINE`, as many bytes.

    They are read as bytes, not as text, where a line would end at U+2028 too, which JSON allows inside a string.
    """
    line = 0
    while raw := readline(LONGEST_LINE):
        line += 1
        rest = raw
        while len(rest) >= LONGEST_LINE and not rest.endswith(b"\n"):
            rest = readline(LONGEST_LINE)
        raw = raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw
        if raw.strip():
            yield line, raw


def _json_row(number: int, line: int, raw: bytes) -> TableRow:
    parsed, reason, detail = json_object(raw)
    values = {key: _as_text(value) for key, value in parsed.items()}
    if not reason:
        reason, detail = flaw([value for value in values.values() if value is not None])
    return TableRow(number, line, fault=reason, detail=detail) if reason else TableRow(number, line, values)


def json_object(raw: bytes) -> tuple[dict[str, object], str, str]:
    """The object on one line, or the reason why there is none, with a detail."""
    if len(raw) >= LONGEST_LINE:
        return {}, "over-long line", f"more than {LONGEST_LINE:,} bytes"
    if max(raw.count(b"["), raw.count(b"{")) > MOST_INNER:
        start = excerpt(raw[:1000].decode("utf-8", "replace"))
        return {}, "bad JSON", f"more than {MOST_INNER:,} lists or objects: {start}"
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
        level = [inner for outer in level for inner in _inner(outer)]
    return any(isinstance(inner, list | dict) for inner in level)


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
