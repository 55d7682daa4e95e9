"""From raw rows to usable ones: columns found, unusable rows rejected by reason, labels given their index."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from potstill.data.rows import TableRow, excerpt, nearest
from potstill.data.tables import Table
from potstill.domain.errors import DataError
from potstill.domain.normalise import normalise
from potstill.domain.task import Task

MOST_LABELS = 50
Value = str | int | float | bool
SEVERAL = "\x1f"
"""Between the values of a row's label columns: a character that no number or word has."""
_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]{0,14})(\.[0-9]{0,15})?")


@dataclass(frozen=True)
class Columns:
    """Which column holds what; None where the table has none for it. Several `labels` are columns of 0 and 1."""

    text: str
    labels: Sequence[str]
    id: str | None = None
    weight: str | None = None
    group: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class DataRow:
    """A row that can be used. `text` is normalised, `key` is equal for texts that count as the same; `label` is what
    the file says, of several columns joined by `SEVERAL`."""

    number: int
    place: str
    id: str
    text: str
    key: str
    label: str
    weight: float = 1.0
    group: str = ""
    category: str = ""


@dataclass
class Tally:
    """Counts of the rows of one source that are not used, by cause."""

    filtered: Counter[str] = field(default_factory=Counter[str])
    rejected: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, str] = field(default_factory=dict[str, str])

    def reject(self, reason: str, place: str, detail: str) -> None:
        """Count one row; the first of each reason is kept as its example."""
        self.rejected[reason] += 1
        self.examples.setdefault(reason, f"{place}: {detail}")


@dataclass(frozen=True)
class LabelScheme:
    """How a value in a file becomes an index into `names`; of a multi-label task, a 0 or 1 for each of `names`."""

    names: tuple[str, ...]
    index: Mapping[str, int]
    """Keyed by `reading(value)`."""
    multilabel: bool = False

    def of(self, row: DataRow) -> tuple[int, ...]:
        """The label of a row that `with_known_labels` let through: one number, or one for each label."""
        return tuple(self.index[value] for value in self._readings(row))

    def knows(self, row: DataRow) -> bool:
        """Whether the row's label is one of them."""
        found = self._readings(row)
        return len(found) == (len(self.names) if self.multilabel else 1) and all(one in self.index for one in found)

    def _readings(self, row: DataRow) -> list[str]:
        return [reading(value) for value in (row.label.split(SEVERAL) if self.multilabel else [row.label])]


def leak_key(text: str) -> str:
    """Equal exactly for texts that count as the same: normalised, upper and lower case folded."""
    return normalise(text).casefold()


def reading(value: Value) -> str:
    """What a value says however it is spelled: 1, "1", "1.0", "True" and true all read as "1"."""
    text = str(value).strip()
    if text.casefold() in ("true", "false"):
        return "1" if text.casefold() == "true" else "0"
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() else repr(number)


def check_columns(table: Table, wanted: Sequence[str]) -> None:
    """Raise DataError unless each wanted column stands in the table exactly once."""
    for column in wanted:
        if column not in table.columns:
            known = ", ".join(f'"{excerpt(name)}"' for name in table.columns[:30])
            hint = nearest(column, table.columns)
            raise DataError(f'{table.name} has no column "{column}".{hint} Its columns are: {known}.')
        if list(table.columns).count(column) > 1:
            raise DataError(f'{table.name} has more than one column "{column}"; rename all but one')


def usable_rows(table: Table, columns: Columns, where: Mapping[str, Value], tally: Tally) -> list[DataRow]:
    """Keep the rows that `where` asks for and that have a text, a label and a weight; count the others.

    Labels are still as in the file: which of them are known is a matter of the whole data set.
    """
    asked = {column: reading(value) for column, value in where.items()}
    rows: list[DataRow] = []
    for raw in table.rows:
        if raw.fault:
            tally.reject(raw.fault, raw.place, raw.detail)
        elif any(reading(raw.values.get(column) or "") != value for column, value in asked.items()):
            tally.filtered["where"] += 1
        elif problem := _problem(raw, columns):
            tally.reject(problem[0], raw.place, problem[1])
        else:
            rows.append(_data_row(raw, columns))
    return rows


def _problem(raw: TableRow, columns: Columns) -> tuple[str, str] | None:
    """The reason why a row cannot be used, and a detail for its example."""
    used = (columns.text, *columns.labels, columns.id, columns.weight, columns.group, columns.category)
    for column in used:
        if column is not None and raw.values.get(column, "") is None:
            return "bad JSON", f'"{column}" holds a list or an object'
    text = _cell(raw, columns.text)
    if not normalise(text):
        return "empty text", f'"{columns.text}" is empty'
    if not all(normalise(_cell(raw, column)) for column in columns.labels):
        return "missing label", excerpt(text)
    if columns.weight is not None and _weight(_cell(raw, columns.weight)) is None:
        return "bad weight", f'"{excerpt(_cell(raw, columns.weight))}" is not a finite number above 0'
    return None


def _data_row(raw: TableRow, columns: Columns) -> DataRow:
    text = normalise(_cell(raw, columns.text))
    weight = 1.0 if columns.weight is None else _weight(_cell(raw, columns.weight))
    assert weight is not None, "rows without a usable weight are rejected before"
    return DataRow(
        number=raw.number,
        place=raw.place,
        id=_cell(raw, columns.id).strip() or str(raw.number),
        text=text,
        key=leak_key(text),
        label=SEVERAL.join(_cell(raw, column).strip() for column in columns.labels),
        weight=weight,
        group=_cell(raw, columns.group).strip(),
        category=_cell(raw, columns.category).strip(),
    )


def _cell(raw: TableRow, column: str | None) -> str:
    return "" if column is None else raw.values.get(column) or ""


def _weight(text: str) -> float | None:
    try:
        weight = float(text.replace("_", "?"))  # float("1_000") is 1000 to Python, to nobody else
    except ValueError:
        return None
    return weight if math.isfinite(weight) and weight > 0 else None


def label_scheme(name: str, rows: Sequence[DataRow], labels: Mapping[str, str] | None) -> LabelScheme:
    """The labels of a data set: those that `labels` names, in its order, or else the sorted values of its train rows.

    Raises:
        DataError: fewer than two labels, one value with two names, or so many values that this is no label column.
    """
    given = _distinct(name, rows) if labels is None else labels
    names = tuple(dict.fromkeys(given.values()))
    index: dict[str, int] = {}
    for value, label in given.items():
        if index.setdefault(reading(value), names.index(label)) != names.index(label):
            raise DataError(f'labels gives the value "{value}" two names: "{names[index[reading(value)]]}", "{label}"')
    if len(names) < 2:
        known = ", ".join(f'"{excerpt(label)}"' for label in names) or "none"
        raise DataError(f"{name}: a classifier needs at least two labels; found {known}")
    return LabelScheme(names, index)


def label_columns(columns: Sequence[str]) -> LabelScheme:
    """The labels of a multi-label data set: its columns, each of 0 and 1."""
    return LabelScheme(tuple(columns), {"0": 0, "1": 1}, multilabel=True)


def _distinct(name: str, rows: Sequence[DataRow]) -> dict[str, str]:
    spellings: dict[str, str] = {}
    values = {row.label for row in rows}
    numbers = all(_NUMBER.fullmatch(value) for value in values)  # 2 comes before 10, then
    for value in sorted(values, key=lambda value: (float(value) if numbers else 0.0, value)):
        spellings.setdefault(reading(value), value)
    if len(spellings) > MOST_LABELS:
        some = ", ".join(f'"{excerpt(value)[:20]}"' for value in list(spellings.values())[:4])
        raise DataError(
            f"{name}: the label column has {len(spellings):,} different values ({some}, ...): this looks like a number "
            "or a free-text column. Name another label column, or say with `labels` which values are meant"
        )
    return {value: value for value in spellings.values()}


def task_of(scheme: LabelScheme, positive: str | None) -> Task:
    """The task; for two labels the positive one is the last unless named."""
    names = list(scheme.names)
    if scheme.multilabel:
        if positive is not None:
            raise DataError(f'positive = "{positive}" is for a row that carries one of two labels; leave it out')
        return Task(labels=scheme.names, multilabel=True)
    if len(names) > 2 and positive is None:
        return Task(labels=scheme.names)
    if len(names) > 2:
        raise DataError(f'positive = "{positive}" needs exactly two labels; here are {len(names)}')
    meant = names[-1] if positive is None else next((n for n in names if reading(n) == reading(positive)), None)
    if meant is None:
        known = ", ".join(f'"{excerpt(name)}"' for name in names)
        raise DataError(f'positive = "{positive}" is none of the labels: {known}.{nearest(str(positive), names)}')
    return Task(labels=scheme.names, positive=meant)


def with_known_labels(rows: Sequence[DataRow], scheme: LabelScheme, tally: Tally) -> list[DataRow]:
    """Keep the rows whose label the scheme has, reject the others."""
    kept: list[DataRow] = []
    for row in rows:
        if scheme.knows(row):
            kept.append(row)
        else:
            tally.reject("unknown label", row.place, f'"{excerpt(row.label.replace(SEVERAL, ", "))}"')
    return kept


def without_contradictions(rows: Sequence[DataRow], scheme: LabelScheme, tally: Tally) -> list[DataRow]:
    """Reject every row whose text stands in the same source with another label: nobody knows which is right."""
    labels: defaultdict[str, set[tuple[int, ...]]] = defaultdict(set)
    for row in rows:
        labels[row.key].add(scheme.of(row))
    kept: list[DataRow] = []
    for row in rows:
        if len(labels[row.key]) == 1:
            kept.append(row)
        else:
            tally.reject("contradicting duplicates", row.place, excerpt(row.text))
    return kept
