"""A document on a terminal."""

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from potstill.report.tables.table import Document, Table

WIDE = 6
"""With more columns than this, headings are broken at every word, so that the table fits into 80 characters."""


def print_document(document: Document, console: Console) -> None:
    """Print the tables, the notes, and the answer last."""
    for table in document.tables:
        console.print(_table(table))
    for line in document.notes:
        console.print(f"- {escape(line)}", highlight=False)
    console.print(f"\n[bold]{escape(document.answer)}[/bold]", highlight=False)


def _table(table: Table) -> RichTable:
    shown = RichTable(title=escape(table.title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, name in enumerate(table.head):
        # Rich narrows the widest heading first, down to a few letters of its longest word, unless it is broken before.
        heading = name.replace(" ", "\n") if len(table.head) > WIDE else name
        shown.add_column(escape(heading), justify="left" if index == 0 else "right", no_wrap=index == 0)
    for line in table.body:
        shown.add_row(*(escape(cell) for cell in line))
    return shown
