"""Tables and paragraphs, before they are terminal text, Markdown or HTML."""

from dataclasses import dataclass
from typing import Literal

Key = Literal[
    "quality", "more", "cost", "verdicts", "questions", "errors", "disagreements", "differences", "labels",
    "calibration", "rates", "layers", "flips", "subgroups", "categories", "tuning",
]  # fmt: skip
"""What a table is about."""


@dataclass(frozen=True)
class Table:
    """One table; a cell is plain text."""

    key: Key
    title: str
    head: list[str]
    body: list[list[str]]


@dataclass(frozen=True)
class Document:
    """A report in reading order: the answer, the tables, then the notes below them."""

    title: str
    answer: str
    tables: list[Table]
    notes: list[str]


def short_count(count: float) -> str:
    """A count at four figures: 22.71M, 88.6k, 512. The exact one stands in the JSON."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= factor:
            return f"{count / factor:.{2 if letter != 'k' else 1}f}{letter}"
    return f"{count:.0f}"


def score(value: float | None, digits: int = 3) -> str:
    """So many digits, or a dash."""
    return "-" if value is None else f"{value:.{digits}f}"
