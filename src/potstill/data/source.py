"""What a split's file and columns are: as a study names them, and as they really are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from potstill.data.formats import Table, read_table
from potstill.data.pilot import PILOT, pilot_table
from potstill.data.rows import excerpt, nearest
from potstill.data.values import Value
from potstill.domain.errors import DataError

HUB = "hub:"
MOST_COMPARED = 1000
"""Columns among which one is looked for that may have been meant."""
OptionalColumn = Literal["weight", "group", "category"]


@dataclass(frozen=True)
class Source:
    """One split's file and columns, as a study file names them.

    `path` is a file (.csv, .tsv, .jsonl, all also .gz, or .parquet), several files, patterns such as "parts/*.csv", a
    Hub data set (`data.hub.hub_table` has its grammar) or "builtin:pilot". `encoding` is that of text files where they
    do not say it themselves. `where` keeps the rows whose columns read as the given values (1, "1", "1.0" and true are
    the same). Several `label` columns of 0 and 1 make the task multi-label; without any, rows have no label. `sample`
    is the number of rows to draw, once, by the seed.
    """

    path: str | Sequence[str]
    text: str = "text"
    label: str | Sequence[str] = "label"
    id: str | None = None
    weight: str | None = None
    group: str | None = None
    category: str | None = None
    where: Mapping[str, Value] = field(default_factory=dict[str, Value])
    sample: int | None = None
    encoding: str | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.path if isinstance(self.path, str) else ", ".join(self.path)

    @property
    def label_columns(self) -> Sequence[str]:
        """The columns of the label or labels."""
        return [self.label] if isinstance(self.label, str) else self.label

    @property
    def needed_columns(self) -> list[str]:
        """The columns without which no row can be read."""
        return [self.text, *self.label_columns, *([self.id] if self.id else []), *self.where]

    def optional_columns(self, kind: OptionalColumn) -> list[str]:
        """The column of that kind; none where the study names none."""
        column = {"weight": self.weight, "group": self.group, "category": self.category}[kind]
        return [] if column is None else [column]


@dataclass(frozen=True)
class Sources:
    """The files of a data set. A split without one is cut from train; "builtin:pilot" as train brings all three."""

    train: Source
    validation: Source | None = None
    test: Source | None = None

    def by_split(self) -> dict[str, Source]:
        """Those that are there, by the names of their splits."""
        given = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: source for name, source in given.items() if source is not None}


def check_sources(sources: Sources) -> None:
    """Raise DataError for what cannot be meant, before any file is read."""
    if sources.train.path == PILOT and len(sources.by_split()) > 1:
        raise DataError(f"{PILOT} brings its own validation and test split: name neither of them beside it")
    for name, source in sources.by_split().items():
        if source.sample is not None and source.sample < 1:
            raise DataError(f"{name}: sample = {source.sample} must be at least 1")
        if source.text in source.label_columns:
            raise DataError(f'{name}: text and label are both the column "{source.text}"')
        if PILOT in (source.path, sources.train.path) and not isinstance(source.label, str):
            raise DataError(f"{name}: the rows of {PILOT} carry one of two labels, not several at a time")


def with_pilot_columns(source: Source) -> Source:
    """The source, with the column names of the pilot corpus where it is that: whatever those of the files beside it."""
    if source.path != PILOT:
        return source
    return replace(source, text="text", label="label", id="id", group="group", category="category")


def open_table(split: str, source: Source, root: Path) -> Table:
    """The rows of a source as they stand in its files; `split` is what messages and the Hub call them.

    Raises:
        DataError: a file is missing, damaged, empty or of an unknown kind, or the Hub has no such data set.
    """
    if source.path == PILOT:
        return pilot_table()
    names = [source.path] if isinstance(source.path, str) else source.path
    if not any(name.startswith(HUB) for name in names):
        return read_table(names, root, source.encoding)
    if len(names) > 1:
        raise DataError(f"{split}: a Hub data set stands alone, not beside other files: {source.name}")
    from potstill.data.hub import hub_table

    return hub_table(names[0], split)


def check_columns(name: str, columns: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise DataError unless each wanted column stands in the table exactly once; `name` is what messages call it."""
    times = Counter(columns)
    for column in wanted:
        if not times[column]:
            known = ", ".join(f'"{excerpt(heading)}"' for heading in columns[:30])
            hint = nearest(column, columns[:MOST_COMPARED])
            raise DataError(f'{name} has no column "{column}".{hint} Its columns are: {known}.')
        if times[column] > 1:
            raise DataError(f'{name} has more than one column "{excerpt(column)}"; rename all but one')
