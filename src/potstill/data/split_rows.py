"""The rows of one source on their way into a split."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

from potstill.data.formats import Table
from potstill.data.rows import DataRow, Filtered, Rejection, TableRow
from potstill.data.source import Source

Topic = Literal["file", "weight", "group", "category", "shared groups", "sample", "ids"]
Row = TypeVar("Row", bound=TableRow | DataRow)
NewRow = TypeVar("NewRow", bound=TableRow | DataRow)


@dataclass(frozen=True)
class Note:
    """One sentence that a reader of the figures has to know, and what it is about."""

    topic: Topic
    text: str


@dataclass(frozen=True)
class SplitRows(Generic[Row]):
    """The rows of one source as they are after some step, and where the others went.

    `name` is that of the split, `table` what its files hold. `filtered` counts rows that the study itself leaves out,
    by cause; `rejections` are those that cannot be used. At every step
    `len(table.rows) == len(rows) + sum(filtered.values()) + len(rejections)`.
    """

    name: str
    source: Source
    table: Table
    rows: Sequence[Row]
    filtered: Mapping[str, int] = field(default_factory=dict[str, int])
    rejections: Sequence[Rejection] = ()
    notes: Sequence[Note] = ()

    def collect(self, results: Iterable[NewRow | Rejection | Filtered]) -> "SplitRows[NewRow]":
        """With what became of each of its rows: those that passed, and the others counted beside earlier ones."""
        rows: list[NewRow] = []
        rejections, filtered = [*self.rejections], Counter(self.filtered)
        for result in results:
            if isinstance(result, Rejection):
                rejections.append(result)
            elif isinstance(result, Filtered):
                filtered[result.cause] += 1
            else:
                rows.append(result)
        return SplitRows(self.name, self.source, self.table, rows, filtered, rejections, self.notes)

    def note(self, topic: Topic, texts: Iterable[str]) -> "SplitRows[Row]":
        """With these notes beside earlier ones."""
        return replace(self, notes=[*self.notes, *(Note(topic, text) for text in texts)])
