"""A document as Markdown."""

import re

from potstill.report.tables.table import Document, Table


def markdown(document: Document) -> str:
    """The document as Markdown. Text that came from data or a study file is escaped."""
    parts = [f"# {plain(document.title)}", plain(document.answer)]
    parts += [part for table in document.tables for part in (f"## {plain(table.title)}", _table(table))]
    parts += ["\n".join(f"- {plain(line)}" for line in document.notes)]
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """Escape what Markdown or HTML would take for markup; `-` alone stays, it rules a table's head off."""
    return re.sub(r"([\\`*_\[\]|<>#])", r"\\\1", " ".join(text.split()))


def _table(table: Table) -> str:
    lines = [table.head, ["---"] * len(table.head), *table.body]
    return "\n".join(f"| {' | '.join(plain(cell) for cell in line)} |" for line in lines)
