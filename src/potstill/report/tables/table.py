"""Tables and paragraphs, before they are terminal text, Markdown or HTML."""

import re
from dataclasses import dataclass
from typing import Literal

Key = Literal[
    "quality", "more", "cost", "verdicts", "questions", "errors", "disagreements", "differences", "labels",
    "calibration", "search", "layers", "flips", "subgroups", "categories", "tuning",
]  # fmt: skip
"""What a table is about."""


@dataclass(frozen=True)
class Sheet:
    """One table; a cell is plain text."""

    key: Key
    title: str
    head: list[str]
    body: list[list[str]]


@dataclass(frozen=True)
class Page:
    """The report in reading order: the answer, the tables, then the words below them."""

    title: str
    answer: str
    sheets: list[Sheet]
    below: list[str]


def plain(text: str) -> str:
    """Escape what Markdown or HTML would take for markup; `-` alone stays, it rules a table's head off."""
    return re.sub(r"([\\`*_\[\]|<>#])", r"\\\1", " ".join(text.split()))


def count_in_words(count: float) -> str:
    """A count at four figures: 22.71M, 88.6k, 512. The exact one stands in the JSON."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= factor:
            return f"{count / factor:.{2 if letter != 'k' else 1}f}{letter}"
    return f"{count:.0f}"


def share_in_words(share: float | None) -> str:
    """Two digits, or a dash."""
    return "-" if share is None else f"{share:.2f}"
