"""Tables that tests write and read again."""

from pathlib import Path

from potstill.data.tables import Table, read_table


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
