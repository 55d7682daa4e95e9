"""Tables from files: one or several, CSV, TSV, JSON lines or Parquet, plain or gzipped, in any encoding."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from potstill.data.csv_files import Lines, csv_rows, stream_lines
from potstill.data.decoding import text_content
from potstill.data.files import LONGEST_MAGIC, check_format, content_of, find_files, read_bytes, unpacking
from potstill.data.json_lines import json_rows
from potstill.data.parquet import parquet_rows
from potstill.data.rows import TableRow
from potstill.domain.errors import DataError

KINDS = (".csv", ".tsv", ".jsonl")
SUFFIXES = (*KINDS, *(f"{kind}.gz" for kind in KINDS), ".parquet")


@dataclass(frozen=True)
class Table:
    """All rows of one source. `name` is what messages call it; `fingerprint` is "sha256:<hex>" of its bytes."""

    name: str
    columns: Sequence[str]
    rows: Sequence[TableRow]
    fingerprint: str
    notes: Sequence[str] = ()


def read_table(names: str | Sequence[str], root: Path, encoding: str | None = None) -> Table:
    """Read a file, or several files and patterns of files as one table, relative to `root`; every one needs the columns
    of the first.

    Raises:
        DataError: a file is missing, a folder, damaged, empty, without rows or of an unknown kind, or lacks a column
            of the first.
    """
    names = [names] if isinstance(names, str) else names
    files = find_files(names, root)
    tables = [_read_file(name, path, encoding) for name, path in files]
    first, *rest = tables
    if not rest:
        return first
    for table in rest:
        if missing := [column for column in first.columns if column not in table.columns]:
            raise DataError(f'{table.name} has no column "{missing[0]}", which {first.name} has')
    rows = [replace(row, called=f"{table.name}, {row.place}") for table in tables for row in table.rows]
    numbered = [replace(row, number=number) for number, row in enumerate(rows, start=1)]
    prints = sha256("\n".join(table.fingerprint for table in tables).encode()).hexdigest()
    notes = [note for table in tables for note in table.notes]
    return Table(", ".join(names), first.columns, numbered, f"sha256:{prints}", notes)


def _read_file(name: str, path: Path, encoding: str | None) -> Table:
    """Read one file, which messages call `name`; the ending of its name says how."""
    suffix = next((known for known in SUFFIXES if path.name.lower().endswith(known)), None)
    if suffix is None:
        raise DataError(f"{name}: the file's kind is read from its ending, which must be one of {', '.join(SUFFIXES)}")
    raw = read_bytes(name, path)
    columns, rows, notes = _content(name, raw, suffix, encoding)
    if not rows:
        raise DataError(f"{name}: the file has no rows")
    return Table(name, columns, rows, f"sha256:{sha256(raw).hexdigest()}", notes)


def _content(name: str, raw: bytes, suffix: str, encoding: str | None) -> tuple[list[str], list[TableRow], list[str]]:
    """Columns, rows, and what had to be guessed."""
    if suffix == ".parquet":
        columns, rows = parquet_rows(name, raw)
        return columns, rows, []

    def reopen() -> BinaryIO:
        return content_of(raw, gzipped=suffix.endswith(".gz"))

    with unpacking(name):
        check_format(name, reopen().read(LONGEST_MAGIC))
        content = text_content(name, reopen, encoding)
        if suffix.startswith(".jsonl"):
            columns, rows = json_rows(name, content.utf8_readline())
        else:
            lines = Lines(stream_lines(content.text().readline), name)
            columns, rows = csv_rows(name, lines, "\t" if suffix.startswith(".tsv") else "")
        return columns, list(rows), list(content.notes)
