"""Scored rows into parts, and parts into one file."""

import csv
import gzip
import io
import json
import math
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from potstill.domain.errors import DataError
from potstill.domain.task import Task
from potstill.scoring.arrow import pa, pq
from potstill.scoring.formats import Format
from potstill.scoring.limits import MOST_COLUMNS
from potstill.scoring.spreadsheets import guarded

Values = Mapping[str, Any]
Schema = Any
"""A pyarrow.Schema or None; pyarrow comes without types."""
_CANNOT = (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError)
"""What pyarrow raises where values do not fit together into a column."""

_TOO_MANY_INNER = (
    f"the objects within the rows have more than {MOST_COLUMNS:,} different keys, too many for the columns of a table; "
    "write .jsonl instead"
)


def added_names(prefix: str, task: Task, *, languages: bool = False) -> list[str]:
    """The columns that scoring adds, always the last ones; for a multi-label task also each label's probability, and
    the language where texts are checked for theirs."""
    each = [f"score_{label}" for label in task.labels] if task.multilabel else []
    foreign = ["foreign_language"] if languages else []
    return [f"{prefix}{name}" for name in ("label", "score", "flagged", "truncated", *each, *foreign)]


def with_added(schema: Schema, added: Sequence[str], *, languages: bool = False) -> Schema:
    """The column types of a Parquet file with those of the added columns; None where they are to be inferred."""
    if schema is None:
        return None
    foreign = [pa.string()] if languages else []
    each = [pa.float64()] * (len(added) - 4 - len(foreign))
    types = [pa.string(), pa.float64(), pa.bool_(), pa.bool_(), *each, *foreign]
    return pa.schema([*schema, *(pa.field(name, kind) for name, kind in zip(added, types, strict=True))])


def part_bytes(rows: Sequence[Values], target: Format, schema: Schema) -> bytes:
    """One part: Parquet for a Parquet target, else JSON lines."""
    if target.kind != "parquet":
        return b"".join(json_line(row) for row in rows)
    content = io.BytesIO()
    with _one_type():
        pq.write_table(_table(rows, schema), content)
    return content.getvalue()


def join_parts(parts: Sequence[Path], columns: Sequence[str], path: Path, target: Format, *, safe: bool) -> None:
    """Write all parts into `path`: columns in the order given, one part in memory at a time."""
    if target.kind == "parquet":
        _join_parquet(parts, columns, path)
        return
    with path.open("wb") as raw, packed(raw, target) as file:
        write_rows((row for part in parts for row in _read_part(part)), columns, file, target, safe=safe)


def write_rows(rows: Iterable[Values], columns: Sequence[str], file: BinaryIO, target: Format, *, safe: bool) -> None:
    """CSV with a header, or JSON lines. With `safe` no CSV cell is a formula to a spreadsheet (see `spreadsheets`).

    Raises:
        DataError: a row has a column that the header lacks.
    """
    if target.kind == "jsonl":
        for row in rows:
            file.write(json_line(row))
        return
    text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([_cell(column, safe) for column in columns])
    known = set(columns)
    for row in rows:
        if late := row.keys() - known:
            raise DataError(f'the column "{min(late)}" appears after the header was written; write .jsonl')
        writer.writerow([_cell(row.get(column), safe) for column in columns])
    text.detach()


def json_line(row: Values) -> bytes:
    """A row as a line of JSON. Dates and the like, which JSON has no form for, become their text."""
    try:
        text = json.dumps(row, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(row), ensure_ascii=False, default=str)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair can only be written escaped
        return json.dumps(_finite(row), default=str).encode() + b"\n"


def _finite(value: Any) -> Any:
    """NaN and infinity, which JSON has no form for, become null."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in cast(dict[Any, Any], value).items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in cast(list[Any], value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextmanager
def packed(raw: BinaryIO, target: Format) -> Generator[BinaryIO]:
    """`raw`, through gzip where the target is packed. No time is stored: the same rows give the same bytes."""
    if not target.gzipped:
        yield raw
        return
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        yield cast(BinaryIO, file)


def _cell(value: object, safe: bool) -> str:
    if isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = "" if value is None else str(value)
    return guarded(text) if safe else text


def _read_part(part: Path) -> Generator[Values]:
    with part.open("rb") as lines:
        for line in lines:
            yield cast(Values, json.loads(line))


def _table(rows: Sequence[Values], schema: Schema) -> Any:
    if schema is not None:
        return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    # Not from_pylist: without a schema it has no columns but the first row's.
    names = dict.fromkeys(name for row in rows for name in row)
    inner: set[str] = set()
    for row in rows:
        for name, value in row.items():
            _note_inner_names(value, name, inner)
        if len(inner) > MOST_COLUMNS:
            raise DataError(_TOO_MANY_INNER)
    return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})


def _note_inner_names(value: object, path: str, inner: set[str]) -> None:
    """Add the names within a value to those met so far: each is a column to Parquet."""
    if isinstance(value, dict):
        for key, within in cast(dict[str, object], value).items():
            inner.add(f"{path}\0{key}")
            _note_inner_names(within, f"{path}\0{key}", inner)
    elif isinstance(value, list):
        for within in cast(list[object], value):
            _note_inner_names(within, path, inner)


def _leaves(kind: Any) -> int:
    """The columns that values of an Arrow type are stored in."""
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return sum(_leaves(within) for within in inner) if inner else 1


@contextmanager
def _one_type() -> Generator[None]:
    try:
        yield
    except _CANNOT as error:
        raise DataError(
            f"a column's values do not fit into one Parquet type ({error}); write .jsonl instead"
        ) from error


def _join_parquet(parts: Sequence[Path], columns: Sequence[str], path: Path) -> None:
    with _one_type():
        unified = pa.unify_schemas([pq.read_schema(part) for part in parts], promote_options="permissive")
        places = {name: place for place, name in enumerate(unified.names)}
        unified = pa.schema([unified.field(places[column]) for column in columns if column in places])
        if any(_leaves(item.type) > MOST_COLUMNS for item in unified):
            raise DataError(_TOO_MANY_INNER)
        with pq.ParquetWriter(path, unified) as writer:
            for part in parts:
                writer.write_table(_as(unified, pq.read_table(part)))


def _as(schema: Schema, table: Any) -> Any:
    """The table with the columns of the schema, empty where it lacks one."""
    places = {name: place for place, name in enumerate(table.column_names)}
    filled = [
        table.column(places[item.name]).cast(item.type) if item.name in places else pa.nulls(len(table), item.type)
        for item in schema
    ]
    return pa.table(filled, schema=schema)
