"""Rows: as they stand in a file, as they can be used, and why one is not."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from potstill.domain.normalise import normalise

LONGEST_FIELD = 1_000_000
"""Characters; a longer field is nearly always a quote that was never closed."""
LONGEST_EXCERPT = 80


@dataclass(frozen=True)
class TableRow:
    """One row as it stands in the file.

    `number` counts rows from 1 without the header, `line` is the line of the file on which the row begins; `called` is
    what messages call that place, where "line 7" is not enough. A value is None where JSON has a list or an object. A
    row with a `fault` (the reason for its rejection) has no values.
    """

    number: int
    line: int
    values: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    fault: str = ""
    detail: str = ""
    called: str = ""

    @property
    def place(self) -> str:
        """Where the row stands, for a person."""
        return self.called or f"line {self.line}"


@dataclass(frozen=True)
class DataRow:
    """A row that can be used. `text` is normalised, `key` is equal for texts that count as the same; `label` is what
    the file says, of several columns joined by `labels.SEVERAL`."""

    number: int
    place: str
    id: str
    text: str
    key: str
    label: str
    weight: float = 1.0
    group: str = ""
    category: str = ""


@dataclass(frozen=True)
class Rejection:
    """A row that cannot be used: the reason it is counted under, and its place with a detail, for an example."""

    reason: str
    place: str
    detail: str


@dataclass(frozen=True)
class Filtered:
    """A row that the study itself leaves out, and the cause."""

    cause: str


def leak_key(text: str) -> str:
    """Equal exactly for texts that count as the same: normalised, upper and lower case folded."""
    return normalise(text).casefold()


def flaw(fields: Sequence[str]) -> tuple[str, str]:
    """The reason why these fields cannot be used, with a detail; two empty strings where they can."""
    for value in fields:
        if len(value) > LONGEST_FIELD:
            return "over-long field", f"{len(value):,} characters, beginning {excerpt(value)}"
        if "\0" in value:
            return "NUL", excerpt(value)
        try:
            value.encode()
        except UnicodeEncodeError:
            return "bad encoding", f"not UTF-8: {excerpt(value)}"
    return "", ""


def excerpt(text: str) -> str:
    """The beginning of `text`, safe to print: one line, at most 80 characters, no control characters."""
    head = text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1] + "…"
    # An escape sequence in a comment must not reach somebody's terminal; a lone surrogate cannot be written at all.
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in head)


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint such as ` Did you mean "text"?`, or nothing where no known word is near."""
    by_folded = {name.strip().casefold(): name for name in known}
    matches = difflib.get_close_matches(word.strip().casefold(), list(by_folded), n=1, cutoff=0.5)
    return f' Did you mean "{by_folded[matches[0]]}"?' if matches else ""
