"""JSON lines, read so that one damaged line costs one row."""

import json
import math
from typing import cast

from potstill.data.rows import TableRow, excerpt, flaw
from potstill.domain.errors import DataError

DEEPEST = 64
"""Lists and objects in each other, in a line of JSON."""


def json_rows(name: str, content: bytes) -> tuple[list[str], list[TableRow]]:
    """The columns and rows of JSON lines. Raises DataError where no line holds an object."""
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
        reason, detail = flaw([value for value in values.values() if value is not None])
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
