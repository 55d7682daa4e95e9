"""Labels: what the values of a file are called, in which order, and the task that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from potstill.data.rows import DataRow, excerpt, nearest
from potstill.data.scores import check_no_scores
from potstill.data.values import is_number, reading
from potstill.domain.errors import DataError
from potstill.domain.task import Task

MOST_LABELS = 50
SEVERAL = "\x1f"
"""Between the values of a row's label columns: a character that no number or word has."""


@dataclass(frozen=True)
class LabelScheme:
    """How a value in a file becomes an index into `names`; of a multi-label task, a 0 or 1 for each of `names`."""

    names: tuple[str, ...]
    index: Mapping[str, int]
    """Keyed by `reading(value)`."""
    multilabel: bool = False

    def of(self, row: DataRow) -> tuple[int, ...]:
        """The label of a row whose label it knows: one number, or one for each label."""
        return tuple(self.index[value] for value in self._readings(row))

    def knows(self, row: DataRow) -> bool:
        """Whether the row's label is one of them."""
        values = self._readings(row)
        return len(values) == (len(self.names) if self.multilabel else 1) and all(v in self.index for v in values)

    def _readings(self, row: DataRow) -> list[str]:
        return [reading(value) for value in (row.label.split(SEVERAL) if self.multilabel else [row.label])]


def scheme_of(
    name: str, column: str | Sequence[str], rows: Sequence[DataRow], labels: Mapping[str, str] | None
) -> LabelScheme:
    """The labels of a data set by its train rows, which come from `name`: of a column, or of several of 0 and 1.

    Raises:
        DataError: the values are scores or cannot be labels (see `label_scheme`), or the columns are not two or more
            different ones.
    """
    if labels is None:
        columns = [column] if isinstance(column, str) else column
        for place, each in enumerate(columns):
            check_no_scores(name, each, (row.label.split(SEVERAL)[place] for row in rows))
    if isinstance(column, str):
        return label_scheme(name, rows, labels)
    if len(set(column)) != len(column) or len(column) < 2:
        raise DataError(f"labels = {list(column)}: name two or more different columns, or one with `label`")
    return label_columns(column)


def label_scheme(name: str, rows: Sequence[DataRow], labels: Mapping[str, str] | None) -> LabelScheme:
    """The labels of a column: those that `labels` names, in its order, or else the sorted values of the rows.

    Raises:
        DataError: fewer than two labels, one value with two names, or so many values that this is not a label column.
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
    numbers = all(is_number(value) for value in values)  # 2 comes before 10, then
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
