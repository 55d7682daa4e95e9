"""From the files that a study names to three splits that share nothing, with an account of every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Literal

import numpy as np

from potstill.data import notes as notes_on
from potstill.data.pilot import PILOT, pilot_parts, pilot_rows, pilot_table
from potstill.data.splits import ROLES, cut, draw_sample, refuse_leaks, with_units, without_leaks
from potstill.data.tables import Table, read_table
from potstill.data.validation import (
    Columns,
    DataRow,
    LabelScheme,
    Tally,
    Value,
    check_columns,
    label_columns,
    label_scheme,
    task_of,
    usable_rows,
    with_known_labels,
    without_contradictions,
)
from potstill.domain.dataset import DataAccount, Dataset, SourceAccount, Split
from potstill.domain.errors import DataError
from potstill.domain.task import Task

OnLeak = Literal["stop", "drop"]
HUB = "hub:"


@dataclass(frozen=True)
class Source:
    """One split's file and columns, as a study file names them.

    `path` is a file (.csv, .tsv, .jsonl, all also .gz, or .parquet), several files, patterns such as "parts/*.csv", a
    Hub data set (`data.hub.hub_table` has its grammar) or "builtin:pilot". `encoding` is that of text files where they
    do not say it themselves. `where` keeps the rows whose columns read as the given values (1, "1", "1.0" and true are
    the same). Several `label` columns of 0 and 1 make the task multi-label. `sample` is the number of rows to draw,
    once, by the seed.
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


@dataclass(frozen=True)
class _Opened:
    """A source with its rows as they stand in the file, and the columns that it really has."""

    source: Source
    table: Table
    columns: Columns
    tally: Tally


def load_dataset(
    train: Source,
    validation: Source | None,
    test: Source | None,
    *,
    labels: Mapping[str, str] | None = None,
    positive: str | None = None,
    fractions: tuple[float, float, float] = (0.5, 0.15, 0.35),
    on_leak: OnLeak = "stop",
    seed: int = 0,
    root: Path = Path("."),
) -> Dataset:
    """Read, check and cut a data set. Every row is used, or counted under the reason why not.

    The order is: parse, `where`, reject, leaks, `sample`, cut.

    Args:
        validation: None cuts it from train; the same for `test`. "builtin:pilot" as train brings both.
        labels: value in the file to name of the label, in the order of the labels. Without it the sorted distinct
            values of train are the labels. A row with another value is rejected.
        positive: which of two labels is the one to find; the last unless named.
        fractions: sizes of train, validation and test; a split with a file of its own is skipped
            and the rest are taken in proportion.
        on_leak: what happens to texts that stand in two splits. "drop" drops them from train if they stand in
            validation or test, from validation if they stand in test, never from test.
        seed: of the samples and the cuts; the pilot corpus is always cut in the same way.
        root: folder that relative paths start from.

    Raises:
        DataError: a file or column that is not there, no usable rows, one label only, texts that leak.
    """
    sources = {role: source for role, source in zip(ROLES, (train, validation, test), strict=True) if source}
    _check_sources(sources)
    notes: list[str] = []
    opened = _open(sources, root, notes)
    rows = {role: usable_rows(it.table, it.columns, it.source.where, it.tally) for role, it in opened.items()}
    _require_rows(opened, rows)
    scheme = _scheme(train, rows["train"], labels)
    task = task_of(scheme, positive)
    rows = _checked(opened, rows, scheme)
    _require_rows(opened, rows)
    rows = _without_leaks(opened, rows, on_leak)
    notes += notes_on.shared_groups(rows)
    rows = {role: _sampled(role, it.source, it.tally, rows[role], seed, notes) for role, it in opened.items()}
    _require_rows(opened, rows)
    parts = _cut(train, rows, fractions, seed)
    splits = {role: _split(parts[role], scheme, _has_categories(opened, role)) for role in ROLES}
    _require_labels(splits["train"], task)
    notes += _notes(opened, rows, splits, task)
    account = _account(opened, rows, splits, task, notes)
    return Dataset(task, splits["train"], splits["validation"], splits["test"], account)


# --- sources


def _check_sources(sources: Mapping[str, Source]) -> None:
    if sources["train"].path == PILOT and len(sources) > 1:
        raise DataError(f"{PILOT} brings its own validation and test split: name neither of them beside it")
    for role, source in sources.items():
        if source.sample is not None and source.sample < 1:
            raise DataError(f"{role}: sample = {source.sample} must be at least 1")
        if source.text in source.label_columns:
            raise DataError(f'{role}: text and label are both the column "{source.text}"')
        if PILOT in (source.path, sources["train"].path) and not isinstance(source.label, str):
            raise DataError(f"{role}: the rows of {PILOT} carry one of two labels, not several at a time")


def _open(sources: Mapping[str, Source], root: Path, notes: list[str]) -> dict[str, _Opened]:
    completed = {role: _with_pilot_columns(source) for role, source in sources.items()}
    tables = {role: open_table(role, source, root) for role, source in completed.items()}
    notes += [f"{role}: {note}" for role, table in tables.items() for note in table.notes]
    for role, source in completed.items():
        wanted = [source.text, *source.label_columns, *([source.id] if source.id else []), *source.where]
        check_columns(tables[role], wanted)
    weight, group, category = (
        _optional(kind, {role: getattr(source, kind) for role, source in completed.items()}, tables, notes)
        for kind in ("weight", "group", "category")
    )
    return {
        role: _Opened(
            source,
            tables[role],
            Columns(source.text, source.label_columns, source.id, weight[role], group[role], category[role]),
            Tally(),
        )
        for role, source in completed.items()
    }


def open_table(role: str, source: Source, root: Path) -> Table:
    """The rows of a source as they stand in its files. Raises DataError."""
    if source.path == PILOT:
        return pilot_table()
    names = [source.path] if isinstance(source.path, str) else source.path
    if not any(name.startswith(HUB) for name in names):
        return read_table(names, root, source.encoding)
    if len(names) > 1:
        raise DataError(f"{role}: a Hub data set stands alone, not beside other files: {source.name}")
    from potstill.data.hub import hub_table

    return hub_table(names[0], role)


def _with_pilot_columns(source: Source) -> Source:
    """The corpus has its own column names, whatever those of the files beside it are."""
    if source.path != PILOT:
        return source
    return replace(source, text="text", label="label", id="id", group="group", category="category")


def _optional(
    kind: str, named: Mapping[str, str | None], tables: Mapping[str, Table], notes: list[str]
) -> dict[str, str | None]:
    """The columns of one optional kind, by role. One that stands in some files only is a note, in none an error."""
    consequence = {
        "weight": "every row there weighs 1",
        "group": "rows there belong together by their text only",
        "category": "rows there have no category",
    }
    asked = {role: column for role, column in named.items() if column is not None}
    missing = [role for role, column in asked.items() if column not in tables[role].columns]
    for role, column in asked.items():
        if role not in missing or len(missing) == len(asked):
            check_columns(tables[role], [column])
    notes += [f'{role} has no column "{asked[role]}": {consequence[kind]}.' for role in missing]
    return {role: None if role in missing else column for role, column in named.items()}


# --- rows


def _scheme(train: Source, rows: Sequence[DataRow], labels: Mapping[str, str] | None) -> LabelScheme:
    if isinstance(train.label, str):
        return label_scheme(train.name, rows, labels)
    if len(set(train.label)) != len(train.label) or len(train.label) < 2:
        raise DataError(f"labels = {list(train.label)}: name two or more different columns, or one with `label`")
    return label_columns(train.label)


def _checked(
    opened: Mapping[str, _Opened], rows: Mapping[str, Sequence[DataRow]], scheme: LabelScheme
) -> dict[str, list[DataRow]]:
    return {
        role: without_contradictions(with_known_labels(rows[role], scheme, it.tally), scheme, it.tally)
        for role, it in opened.items()
    }


def _without_leaks(
    opened: Mapping[str, _Opened], rows: Mapping[str, Sequence[DataRow]], on_leak: OnLeak
) -> dict[str, Sequence[DataRow]]:
    if on_leak == "stop":
        refuse_leaks(rows)
    return without_leaks(rows, {role: it.tally for role, it in opened.items()})


def _sampled(
    role: str, source: Source, tally: Tally, rows: Sequence[DataRow], seed: int, notes: list[str]
) -> Sequence[DataRow]:
    if source.sample is not None and source.sample > len(rows):
        notes.append(
            f"{role}: sample = {source.sample:,} asks for more rows than there are; all {len(rows):,} are used."
        )
    return sampled(role, source, tally, rows, seed)


def sampled(role: str, source: Source, tally: Tally, rows: Sequence[DataRow], seed: int) -> Sequence[DataRow]:
    """The rows that the source's `sample` draws, all where it has none; those left out are counted."""
    if source.sample is None:
        return rows
    drawn = draw_sample(rows, source.sample, seed, role)
    tally.filtered["sample"] += len(rows) - len(drawn)
    return drawn


def _require_rows(opened: Mapping[str, _Opened], rows: Mapping[str, Sequence[DataRow]]) -> None:
    for role, it in opened.items():
        if not rows[role]:
            reasons = [f"{count:,} left out by {cause}" for cause, count in it.tally.filtered.items() if count]
            reasons += [f"{n:,} {reason} ({it.tally.examples[reason]})" for reason, n in it.tally.rejected.items()]
            raise DataError(
                f"{role}: no usable row in {it.source.name}. {len(it.table.rows):,} rows: {'; '.join(reasons)}"
            )


def _require_labels(train: Split, task: Task) -> None:
    absent = notes_on.labels_without_rows(train, task)
    if absent:
        raise DataError(f"train has no row of {absent}, and nothing is learned without examples: mend `labels`")


# --- splits


def _cut(
    train: Source, rows: Mapping[str, Sequence[DataRow]], fractions: Sequence[float], seed: int
) -> dict[str, Sequence[DataRow]]:
    """The rows of each split: those of its own source, or its share of train's."""
    units = {role: with_units(given) for role, given in rows.items()}
    dealt = [role for role in ROLES if role == "train" or role not in rows]
    if len(dealt) == 1:
        return dict(units)
    if train.path == PILOT:
        part_of = pilot_parts(pilot_rows())
        parts = [part_of[row.id] for row in units["train"]]
    else:
        shares = _shares(fractions, dealt)
        parts = cut([row.group for row in units["train"]], [row.label for row in units["train"]], shares, seed)
    result: dict[str, Sequence[DataRow]] = dict(units)
    for index, role in enumerate(dealt):
        result[role] = [row for row, part in zip(units["train"], parts, strict=True) if part == index]
        if not result[role]:
            raise DataError(
                f"{role} cannot be cut from {train.name}: {len(rows['train']):,} rows in "
                f"{len({row.group for row in units['train']}):,} groups are too few. "
                "Name a file for it, or take more rows"
            )
    return result


def _shares(fractions: Sequence[float], dealt: Sequence[str]) -> list[float]:
    wanted = [fractions[ROLES.index(role)] for role in dealt] if len(fractions) == len(ROLES) else []
    if not wanted or not all(isfinite(share) and share > 0 for share in wanted):
        raise DataError(f"fractions = {list(fractions)} must be three numbers above 0: train, validation and test")
    return [share / sum(wanted) for share in wanted]


def _split(rows: Sequence[DataRow], scheme: LabelScheme, has_categories: bool) -> Split:
    return Split(
        ids=[row.id for row in rows],
        texts=[row.text for row in rows],
        labels=np.array([scheme.of(row) for row in rows], dtype=np.int64)[:, slice(None) if scheme.multilabel else 0],
        weights=np.array([row.weight for row in rows], dtype=np.float64),
        groups=[row.group for row in rows],
        categories=[row.category for row in rows] if has_categories else (),
    )


def _origin(opened: Mapping[str, _Opened], role: str) -> str:
    return role if role in opened else "train"


def _has_categories(opened: Mapping[str, _Opened], role: str) -> bool:
    return opened[_origin(opened, role)].columns.category is not None


# --- account


def _notes(
    opened: Mapping[str, _Opened], rows: Mapping[str, Sequence[DataRow]], splits: Mapping[str, Split], task: Task
) -> list[str]:
    notes: list[str] = []
    for role, it in opened.items():
        notes += notes_on.duplicate_ids(role, rows[role]) if it.columns.id else []
    for role, split in splits.items():
        notes += notes_on.repeated_texts(role, split) + notes_on.absent_labels(role, split, task)
    return notes + notes_on.rate_difference(splits["train"], splits["validation"], task)


def _account(
    opened: Mapping[str, _Opened],
    rows: Mapping[str, Sequence[DataRow]],
    splits: Mapping[str, Split],
    task: Task,
    notes: list[str],
) -> DataAccount:
    sources = [
        source_account(
            ", ".join(cut for cut in ROLES if _origin(opened, cut) == role),
            it.source,
            it.table,
            it.tally,
            len(rows[role]),
        )
        for role, it in opened.items()
    ]
    return DataAccount(
        sources=sources,
        rows={role: len(split) for role, split in splits.items()},
        positives={role: task.counts(split.labels) for role, split in splits.items()},
        notes=notes,
    )


def source_account(roles: str, source: Source, table: Table, tally: Tally, used: int) -> SourceAccount:
    """Where the rows of a source went, which has to add up."""
    account = SourceAccount(
        source=f"{roles}: {source.name}",
        fingerprint=table.fingerprint,
        rows=len(table.rows),
        used=used,
        filtered={cause: count for cause, count in tally.filtered.items() if count},
        rejected=dict(tally.rejected),
        examples=tally.examples,
    )
    assert account.balances(), f"rows went astray: {account}"
    return account
