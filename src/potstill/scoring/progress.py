"""The bar over a file that is being scored."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from potstill.domain.notebook import ReplacedOutput, progress_html
from potstill.scoring.job import Progress as OnProgress


@contextmanager
def show_progress(console: Console) -> Generator[OnProgress]:
    """A bar with the rows so far, on a terminal or in a notebook; elsewhere nothing is shown."""
    columns = (
        BarColumn(bar_width=28), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} rows"), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    output = ReplacedOutput() if console.is_jupyter and not console.quiet else None
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("scoring", total=None, rows=0)

        def on_progress(done: int, total: int | None, rows: int) -> None:
            bars.update(task, completed=done, total=total, rows=rows)
            if output:
                output.show(progress_html(f"{rows:,} rows", done, total))

        yield on_progress
    if output:
        output.clear()
