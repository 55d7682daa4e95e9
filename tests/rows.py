"""Rows, tables and files of labelled rows for tests, and what holds for every data set made from them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from potstill.data.formats import Table, read_table
from potstill.data.rows import DataRow, TableRow, leak_key
from potstill.data.source import Source
from potstill.data.split_rows import SplitRows
from potstill.domain.dataset import Dataset


def table(folder: Path, content: bytes | str, name: str = "rows.csv") -> Table:
    """The content as a file of that name, read."""
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)
    return read_table(name, folder)


def faults(read: Table) -> dict[int, str]:
    """The faults of the damaged rows, by line."""
    return {row.line: row.fault for row in read.rows if row.fault}


def texts(read: Table) -> list[str | None]:
    """The texts of the other rows."""
    return [row.values["text"] for row in read.rows if not row.fault]


def row(text: str, number: int = 1, group: str = "", label: str = "1") -> DataRow:
    """A row that can be used."""
    return DataRow(number, f"line {number + 1}", str(number), text, leak_key(text), label, group=group)


def rows(*texts: str) -> list[DataRow]:
    """A row for each text, numbered."""
    return [row(text, number) for number, text in enumerate(texts, start=1)]


def table_of(*values: Mapping[str, str | None]) -> Table:
    """A table of these rows, the first on line 2."""
    columns = list(dict.fromkeys(column for cells in values for column in cells))
    return Table(
        "file.csv", columns, [TableRow(n, n + 1, cells) for n, cells in enumerate(values, start=1)], "sha256:0"
    )


def opened(read: Table, source: Source) -> SplitRows[TableRow]:
    """The table as a split before any step."""
    return SplitRows("train", source, read, read.rows)


def split_of(given: Sequence[DataRow], name: str = "train") -> SplitRows[DataRow]:
    """The rows as a split whose file held these and no others."""
    raw = [TableRow(it.number, it.number + 1) for it in given]
    return SplitRows(name, Source(f"{name}.csv"), Table(f"{name}.csv", [], raw, "sha256:0"), given)


def write(folder: Path, name: str, lines: Sequence[Sequence[object]], header: str = "text,label") -> Source:
    """A CSV file."""
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(","), *lines])
    return Source(name)


def plain(count: int, prefix: str = "text", positives: float = 0.3) -> list[tuple[str, int]]:
    """Texts with labels, of which a share is positive."""
    return [(f"{prefix} {n}", int(n % 10 < positives * 10)) for n in range(count)]


def assert_adds_up(data: Dataset) -> None:
    """Every row is used or counted under a reason, and all columns of a split are of one length."""
    assert all(source.balances() for source in data.account.sources)
    assert sum(source.used for source in data.account.sources) == sum(data.account.rows.values())
    for role, split in data.splits().items():
        assert len(split) == data.account.rows[role] == sum(data.account.positives[role]) > 0
        columns = (split.ids, split.labels, split.weights, split.groups, split.categories or split.texts)
        assert {len(column) for column in columns} == {len(split)}
    for source in data.account.sources:
        assert set(source.examples) == set(source.rejected)
        assert all(example.startswith("line ") and len(example) < 200 for example in source.examples.values())
