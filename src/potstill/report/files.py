"""A report for a terminal, as Markdown, or as JSON, and the files that are kept."""

from pathlib import Path
from typing import Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from potstill.ledger.ledger import write_file
from potstill.report.cards import write_cards
from potstill.report.figures import Report, work_out
from potstill.report.layout import lay_out
from potstill.report.page import html
from potstill.report.results import StudyResults, load_results
from potstill.report.sheets import Page, Sheet, plain

Format = Literal["terminal", "markdown", "json"]
WIDE = 6
"""With more columns than this, headings are broken at every word, so that the table fits into 80 characters."""


def show_report(folder: Path, how: Format, console: Console) -> None:
    """Show the report of a study's folder, and keep it there as report.html, report.md and report.json.

    Raises:
        PotstillError: the folder is no study's.
    """
    report, page = write_report(folder)
    if how == "terminal":
        print_page(page, console)
        console.print(f"\nWith pictures: {folder / 'report.html'}", highlight=False, soft_wrap=True)
    else:
        console.out(report.model_dump_json(indent=1) if how == "json" else markdown(page), highlight=False)


def write_report(folder: Path) -> tuple[Report, Page]:
    """Write a study's report.html, report.md and report.json into its folder, and the card of each saved model; the
    report and its page. Raises as `show_report`."""
    results = load_results(folder)
    report, page = write_tables(folder, results)
    write_file(folder / "report.html", html(report).encode())
    write_cards(results, report)
    return report, page


def write_tables(folder: Path, results: StudyResults) -> tuple[Report, Page]:
    """Write report.md and report.json alone."""
    report = work_out(results)
    page = lay_out(report)
    write_file(folder / "report.md", markdown(page).encode())
    write_file(folder / "report.json", report.model_dump_json(indent=1).encode())
    return report, page


def markdown(page: Page) -> str:
    """The page as Markdown. Text that came from data or a study file is escaped."""
    parts = [f"# {plain(page.title)}", plain(page.answer)]
    for sheet in page.sheets:
        lines = [sheet.head, ["---"] * len(sheet.head), *sheet.body]
        parts += [
            f"## {plain(sheet.title)}",
            "\n".join(f"| {' | '.join(plain(cell) for cell in line)} |" for line in lines),
        ]
    parts += ["\n".join(f"- {plain(line)}" for line in page.below)]
    return "\n\n".join(parts) + "\n"


def print_page(page: Page, console: Console) -> None:
    """Print the tables, the notes, and the answer last."""
    for sheet in page.sheets:
        console.print(_table(sheet))
    for line in page.below:
        console.print(f"- {escape(line)}", highlight=False)
    console.print(f"\n[bold]{escape(page.answer)}[/bold]", highlight=False)


def _table(sheet: Sheet) -> Table:
    table = Table(title=escape(sheet.title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, name in enumerate(sheet.head):
        # Rich narrows the widest heading first, down to a few letters of its longest word, unless it is broken before.
        heading = name.replace(" ", "\n") if len(sheet.head) > WIDE else name
        table.add_column(escape(heading), justify="left" if index == 0 else "right", no_wrap=index == 0)
    for line in sheet.body:
        table.add_row(*(escape(cell) for cell in line))
    return table
