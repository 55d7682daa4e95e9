"""What a cell of a notebook shows: an output that is replaced, and records that look like tables there.

Nothing of Jupyter is needed to import this, and nothing of pandas.
"""

from collections.abc import Iterable, Sequence
from html import escape
from importlib import import_module
from time import monotonic
from typing import Any, cast

EVERY = 0.2
"""Seconds between two views of the same work: a browser cannot show more."""


class ReplacedOutput:
    """One output of a cell, where a line for each step would fill the page. Only a notebook may ask for it."""

    def __init__(self) -> None:
        self._display: Any = import_module("IPython.display")  # a notebook has it
        self._handle: Any = None
        self._shown = 0.0

    def show(self, html: str, *, now: bool = False) -> None:
        """Show this in place of what was there; left out where the last is young, unless it is to be shown `now`."""
        if not now and monotonic() - self._shown < EVERY:
            return
        self._shown = monotonic()
        content = self._display.HTML(html)
        if self._handle is None:
            self._handle = self._display.display(content, display_id=True)
        else:
            self._handle.update(content)

    def clear(self) -> None:
        """Leave nothing of it."""
        if self._handle is not None:
            self.show("", now=True)


def progress_html(label: str, done: float, total: float | None) -> str:
    """A bar; without an end where the work has none that is known."""
    said = escape(label)
    if total is None:
        return f"<div><progress></progress> {said}</div>"
    return f'<div><progress value="{done:g}" max="{total:g}"></progress> {done:,.0f} of {total:,.0f}: {said}</div>'


def table_html(head: Sequence[str], body: Iterable[Sequence[object]], title: str = "") -> str:
    """A table; whatever the cells hold is text, never markup."""
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in line)}</tr>" for line in body)
    return f"<table>{caption}<thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"


class Tabular:
    """A result that is a table: a notebook shows it as one, and it becomes a DataFrame where pandas is there."""

    def records(self) -> list[dict[str, Any]]:
        """The lines of the table, each by column."""
        raise NotImplementedError

    def caption(self) -> str:
        """What stands above the table in a notebook."""
        return ""

    def to_frame(self) -> Any:
        """The table as a pandas DataFrame.

        Raises:
            ModuleNotFoundError: pandas is not installed; it comes with the lab.
        """
        return pandas().DataFrame(self.records())

    def to_html(self) -> str:
        """The table as a notebook shows it."""
        lines = self.records()
        head = list(dict.fromkeys(column for line in lines for column in line))
        return table_html(head, ([_cell(line.get(column)) for column in head] for line in lines), self.caption())

    def _repr_html_(self) -> str:
        return self.to_html()


def pandas() -> Any:
    """The library, which is no dependency of the base install.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        return import_module("pandas")
    except ModuleNotFoundError as error:
        message = "a DataFrame needs pandas: pip install pandas, or pip install 'potstill[lab]', which brings it"
        raise ModuleNotFoundError(message, name="pandas") from error


def _cell(value: object) -> str:
    """A value of a table as a person reads it: four figures, nothing for None."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, cast(Sequence[object], value)))
    return "" if value is None else str(value)
