"""What a person sees while a study runs: a line for each finished piece, and a bar with the time left."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

log = logging.getLogger(__name__)


class Display:
    """Bars on a terminal, plain lines elsewhere; everything said is logged too."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}", table_column=None),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    @contextmanager
    def open(self) -> Generator[None]:
        """Show bars until the block ends."""
        with self._bars:
            yield

    def say(self, text: str) -> None:
        """A line that stays."""
        log.info("%s", text)
        self._bars.console.print(escape(text), highlight=False, soft_wrap=True)

    @contextmanager
    def bar(self, label: str, total: int) -> Generator["Bar"]:
        """A bar for one piece of work, gone when the block ends."""
        log.info("begin %s (%d steps)", label, total)
        task = self._bars.add_task(escape(label), total=total)
        try:
            yield Bar(self._bars, task)
        finally:
            self._bars.remove_task(task)


class Bar:
    """One bar, advanced by whoever does the work."""

    def __init__(self, bars: Progress, task: object) -> None:
        self._bars, self._task = bars, task

    def advance(self, steps: int = 1) -> None:
        """So many steps more are done."""
        self._bars.advance(self._task, steps)  # type: ignore[arg-type]
