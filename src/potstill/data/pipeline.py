"""The steps that rows take on their way into splits: each is given `SplitRows` and returns new ones.

`loading.load_dataset` takes all of them in this order, `mentions` and `unlabelled` some. A row that a step leaves out
is counted in what the step returns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import get_args

import numpy as np

from potstill.data import notes as notes_on
from potstill.data.labels import SEVERAL, LabelScheme
from potstill.data.leaks import OnLeak
from potstill.data.pilot import PILOT, pilot_parts, pilot_rows
from potstill.data.row_checks import checked_row, is_asked_for
from potstill.data.rows import DataRow, Filtered, Rejection, TableRow, excerpt
from potstill.data.source import OptionalColumn, Source, check_columns, open_table
from potstill.data.split_rows import SplitRows
from potstill.data.splits import SPLITS, cut, draw_sample, with_units
from potstill.data.values import reading
from potstill.domain.dataset import Split
from potstill.domain.errors import DataError

_WITHOUT: dict[OptionalColumn, str] = {
    "weight": "every row there weighs 1",
    "group": "rows there belong together by their text only",
    "category": "rows there have no category",
}
"""What follows where a file lacks an optional column that others have."""


@dataclass(frozen=True)
class Cutting:
    """How rows come into splits.

    `fractions` are the sizes of train, validation and test; a split with a file of its own is skipped and the rest are
    taken in proportion. `on_leak` says what happens to texts that stand in two splits: "drop" drops them from train if
    they stand in validation or test, from validation if they stand in test, never from test. `seed` is that of the
    samples and the cuts; the pilot corpus is always cut in the same way.
    """

    fractions: tuple[float, float, float] = (0.5, 0.15, 0.35)
    on_leak: OnLeak = "stop"
    seed: int = 0


DEFAULT_CUTTING = Cutting()


# --- parse


def open_split(name: str, source: Source, root: Path) -> SplitRows[TableRow]:
    """All rows of a source, damaged ones marked. Raises DataError where it cannot be read."""
    table = open_table(name, source, root)
    return SplitRows(name, source, table, table.rows).note("file", (f"{name}: {note}" for note in table.notes))


def open_texts(name: str, source: Source, root: Path) -> SplitRows[DataRow]:
    """The usable rows of a source of which the text alone is read, whatever stands beside it. Raises DataError where it
    cannot be read or a column is not there."""
    texts_only = replace(source, label=(), id=None, weight=None, group=None, category=None)
    (opened,) = find_columns([open_split(name, texts_only, root)])
    return reject_unusable(keep_where(opened))


def find_columns(splits: Sequence[SplitRows[TableRow]]) -> list[SplitRows[TableRow]]:
    """Check that every column is there. An optional one may be missing from some files: there the source is left
    without it, and a note says so.

    Raises:
        DataError: a needed column is missing, or an optional one from all files; or there are two of its name.
    """
    for split in splits:
        check_columns(split.table.name, split.table.columns, split.source.needed_columns)
    for kind in get_args(OptionalColumn):
        splits = _find_optional(splits, kind)
    return list(splits)


def _find_optional(splits: Sequence[SplitRows[TableRow]], kind: OptionalColumn) -> list[SplitRows[TableRow]]:
    asking = [split for split in splits if split.source.optional_columns(kind)]
    having = [split for split in asking if not _lacks(split, kind)]
    for split in having or asking:
        check_columns(split.table.name, split.table.columns, split.source.optional_columns(kind))
    return [_without(split, kind) if _lacks(split, kind) else split for split in splits]


def _lacks(split: SplitRows[TableRow], kind: OptionalColumn) -> bool:
    return any(column not in split.table.columns for column in split.source.optional_columns(kind))


def _without(split: SplitRows[TableRow], kind: OptionalColumn) -> SplitRows[TableRow]:
    (column,) = split.source.optional_columns(kind)
    changed = replace(split, source=replace(split.source, **{kind: None}))
    return changed.note(kind, [f'{split.name} has no column "{column}": {_WITHOUT[kind]}.'])


# --- where, reject


def keep_where(split: SplitRows[TableRow]) -> SplitRows[TableRow]:
    """The rows that `where` asks for, and the damaged ones, of which nobody knows what they say."""
    readings = {column: reading(value) for column, value in split.source.where.items()}
    return split.collect(row if row.fault or is_asked_for(row, readings) else Filtered("where") for row in split.rows)


def reject_unusable(split: SplitRows[TableRow]) -> SplitRows[DataRow]:
    """The rows that have a text, a label and a weight. Labels are still as in the file: which of them are known is a
    matter of the whole data set."""
    return split.collect(checked_row(row, split.source) for row in split.rows)


def reject_unknown_labels(split: SplitRows[DataRow], scheme: LabelScheme) -> SplitRows[DataRow]:
    """The rows whose label the scheme has."""
    return split.collect(
        row if scheme.knows(row) else _rejection("unknown label", row, f'"{excerpt(row.label.replace(SEVERAL, ", "))}"')
        for row in split.rows
    )


def reject_contradictions(split: SplitRows[DataRow], scheme: LabelScheme) -> SplitRows[DataRow]:
    """The rows whose text has one label only; of the rest nobody knows which is right."""
    labels: dict[str, set[tuple[int, ...]]] = {}
    for row in split.rows:
        labels.setdefault(row.key, set()).add(scheme.of(row))
    return split.collect(
        row if len(labels[row.key]) == 1 else _rejection("contradicting duplicates", row, excerpt(row.text))
        for row in split.rows
    )


def _rejection(reason: str, row: DataRow, detail: str) -> Rejection:
    return Rejection(reason, row.place, detail)


# --- after leaks: sample


def note_shared_groups(splits: Sequence[SplitRows[DataRow]]) -> list[SplitRows[DataRow]]:
    """The same rows, with a note on the groups that stand in two files."""
    return [
        split.note("shared groups", notes_on.shared_groups(split, splits[place:]))
        for place, split in enumerate(splits, start=1)
    ]


def take_sample(split: SplitRows[DataRow], seed: int) -> SplitRows[DataRow]:
    """The rows that the source's `sample` draws, all where it has none."""
    size, rows = split.source.sample, split.rows
    if size is None:
        return split
    if size > len(rows):
        text = f"{split.name}: sample = {size:,} asks for more rows than there are; all {len(rows):,} are used."
        split = split.note("sample", [text])
    drawn = {row.number for row in draw_sample(rows, size, seed, split.name)}
    return split.collect(row if row.number in drawn else Filtered("sample") for row in rows)


def note_repeated_ids(split: SplitRows[DataRow]) -> SplitRows[DataRow]:
    """The same rows, with a note on the ids that name several of them."""
    return split.note("ids", notes_on.duplicate_ids(split.name, split.rows)) if split.source.id else split


# --- cut


def cut_splits(splits: Sequence[SplitRows[DataRow]], cutting: Cutting) -> list[SplitRows[DataRow]]:
    """Train, validation and test, which have their own file or a share of train's; each row's `group` is then its unit.

    Raises:
        DataError: a fraction is not above 0, or there are too few rows.
    """
    train, *given = [replace(split, rows=with_units(split.rows)) for split in splits]
    absent = [name for name in SPLITS if name not in {split.name for split in splits}]
    shares = _shares(train, ["train", *absent], cutting) if absent else [train]
    return sorted([*shares, *given], key=lambda split: SPLITS.index(split.name))


def _shares(train: SplitRows[DataRow], names: Sequence[str], cutting: Cutting) -> list[SplitRows[DataRow]]:
    """The splits of these names, cut from train."""
    parts = _parts(train, names, cutting)
    shares: list[SplitRows[DataRow]] = []
    for index, name in enumerate(names):
        rows = [row for row, part in zip(train.rows, parts, strict=True) if part == index]
        if not rows:
            raise DataError(
                f"{name} cannot be cut from {train.source.name}: {len(train.rows):,} rows in "
                f"{len({row.group for row in train.rows}):,} groups are too few. "
                "Name a file for it, or take more rows"
            )
        shares.append(replace(train, name=name, rows=rows))
    return shares


def _parts(train: SplitRows[DataRow], names: Sequence[str], cutting: Cutting) -> list[int]:
    """For each row of train the place of its split among the names."""
    if train.source.path == PILOT:
        part_of = pilot_parts(pilot_rows())
        return [part_of[row.id] for row in train.rows]
    sizes = _sizes(cutting.fractions, names)
    return cut([row.group for row in train.rows], [row.label for row in train.rows], sizes, cutting.seed)


def _sizes(fractions: Sequence[float], names: Sequence[str]) -> list[float]:
    wanted = [fractions[SPLITS.index(name)] for name in names] if len(fractions) == len(SPLITS) else []
    if not wanted or not all(isfinite(share) and share > 0 for share in wanted):
        raise DataError(f"fractions = {list(fractions)} must be three numbers above 0: train, validation and test")
    return [share / sum(wanted) for share in wanted]


def to_split(split: SplitRows[DataRow], scheme: LabelScheme) -> Split:
    """The rows, column by column."""
    labels = np.array([scheme.of(row) for row in split.rows], dtype=np.int64)
    return Split(
        ids=[row.id for row in split.rows],
        texts=[row.text for row in split.rows],
        labels=labels if scheme.multilabel else labels[:, 0],
        weights=np.array([row.weight for row in split.rows], dtype=np.float64),
        groups=[row.group for row in split.rows],
        categories=[row.category for row in split.rows] if split.source.category is not None else (),
    )
