"""What a person sees while something takes long: a line for each finished piece, and a bar with the time left."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from potstill.domain.notebook import ReplacedOutput, progress_html

log = logging.getLogger(__name__)

LATE = 1.0
"""Seconds before work that cannot say how far it is shows itself: most of it has ended by then."""


class Display:
    """Bars on a terminal and in a notebook, plain lines elsewhere; everything said is logged too.

    While it is open it is never still: where no bar is shown, there is one without an end, with the time since the last
    line.
    """

    def __init__(self, console: Console, doing: str = "working") -> None:
        self._console, self._doing = console, doing
        self._bars = Progress(
            _Late(TextColumn("{task.description}", table_column=None)),
            _Late(BarColumn(bar_width=28)),
            _Counted(MofNCompleteColumn()),
            _Late(TimeElapsedColumn()),
            _Counted(TextColumn("left")),
            _Counted(TimeRemainingColumn()),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._output = ReplacedOutput() if console.is_jupyter and not console.quiet else None
        self._depth = 0
        self._idle: TaskID | None = None

    @contextmanager
    def open(self) -> Generator[None]:
        """Show bars until the block ends; inside another such block nothing changes."""
        self._depth += 1
        try:
            if self._depth == 1:
                self._bars.start()
                self._rest()
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._wake()
                self._bars.stop()
                if self._output:
                    self._output.clear()

    def say(self, text: str) -> None:
        """A line that stays."""
        log.info("%s", text)
        if self._output:
            print(text)  # rich would make an output of its own of every line
        else:
            self._bars.console.print(escape(text), highlight=False, soft_wrap=True)
        if self._idle is not None:
            self._rest()

    @contextmanager
    def bar(self, label: str, total: int) -> Generator["Bar"]:
        """A bar for one piece of work, gone when the block ends."""
        log.info("begin %s (%d steps)", label, total)
        self._wake()
        task = self._bars.add_task(escape(label), total=total, label=label)
        self._show(now=True)
        try:
            yield Bar(self, task)
        finally:
            self._bars.remove_task(task)
            if self._depth and not self._bars.task_ids:
                self._rest()

    def advance(self, task: TaskID, steps: int) -> None:
        """So many steps more of a bar are done."""
        self._bars.advance(task, steps)
        self._show()

    def _rest(self) -> None:
        """Show that there is work, from now on."""
        self._wake()
        self._idle = self._bars.add_task(escape(self._doing), total=None, label=self._doing)
        self._show(now=True)

    def _wake(self) -> None:
        if self._idle is not None:
            self._bars.remove_task(self._idle)
            self._idle = None

    def _show(self, *, now: bool = False) -> None:
        """The bars in a notebook, which rich does not draw there."""
        if self._output:
            bars = (progress_html(task.fields["label"], task.completed, task.total) for task in self._bars.tasks)
            self._output.show("".join(bars), now=now)


class Bar:
    """One bar, advanced by whoever does the work."""

    def __init__(self, display: Display, task: TaskID) -> None:
        self._display, self._task = display, task

    def advance(self, steps: int = 1) -> None:
        """So many steps more are done."""
        self._display.advance(self._task, steps)


class _Late(ProgressColumn):
    """A column that a bar without an end has after a second only, so that what is quick does not flicker."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> object:  # type: ignore[override]
        if task.total is None and (task.elapsed or 0) < LATE:
            return Text("")
        return self._column.render(task)


class _Counted(ProgressColumn):
    """A column that says nothing of a bar without an end."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> object:  # type: ignore[override]
        return Text("") if task.total is None else self._column.render(task)
