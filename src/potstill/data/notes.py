"""What a reader of the figures has to know about the data: one sentence each."""

from collections import Counter
from collections.abc import Sequence
from math import sqrt

import numpy as np

from potstill.data.rows import DataRow, excerpt, leak_key
from potstill.data.split_rows import SplitRows
from potstill.domain.dataset import Split
from potstill.domain.task import Task

_LEAST_Z = 3.0
_LEAST_DIFFERENCE = 0.02


def duplicate_ids(name: str, rows: Sequence[DataRow]) -> list[str]:
    """Ids that name more than one row of a source."""
    repeated = [(value, count) for value, count in Counter(row.id for row in rows).items() if count > 1]
    if not repeated:
        return []
    example = f'for example "{excerpt(repeated[0][0])}" ({repeated[0][1]} rows)'
    return [f"{name}: ids that name more than one row: {len(repeated):,}, {example}."]


def shared_groups(split: SplitRows[DataRow], later: Sequence[SplitRows[DataRow]]) -> list[str]:
    """Groups that stand in this split and in a later one; nobody can tell whether that is meant."""
    groups = {row.group for row in split.rows if row.group}
    return [
        f'Groups that stand in both {split.name} and {second.name}: {len(both):,}, for example "{excerpt(min(both))}": '
        "figures on such rows may be too good."
        for second in later
        if (both := groups & {row.group for row in second.rows})
    ]


def repeated_texts(name: str, split: Split) -> list[str]:
    """Rows whose text another row of the split has already."""
    repeats = len(split) - len({leak_key(text) for text in split.texts})
    return [f"{name}: {repeats} of {len(split):,} rows repeat the text of another row."] if repeats else []


def absent_labels(name: str, split: Split, task: Task) -> list[str]:
    """Labels without a row: measures of these are undefined on this split."""
    absent = labels_without_rows(split, task)
    return [f"{name} has no row of {absent}: measures that need one are undefined."] if absent else []


def labels_without_rows(split: Split, task: Task) -> str:
    """The labels that no row of the split carries, quoted and joined; empty where each has one."""
    absent = [label for index, label in enumerate(task.labels) if not task.carries(split.labels, index).any()]
    return ", ".join(f'"{excerpt(label)}"' for label in absent)


def rate_difference(train: Split, validation: Split, task: Task) -> list[str]:
    """Whether train holds clearly more or fewer positives than validation does (binary tasks only).

    Two-proportion z-test with pooled variance, |z| > 3, and at least 2 percentage points apart. Train counts rows, as
    training does; validation counts weights, with Kish's effective number of rows.
    """
    if task.positive is None:
        return []
    positive, weights = task.positive_index, validation.weights
    rate = float(np.count_nonzero(train.labels == positive)) / len(train)
    natural = float(weights[validation.labels == positive].sum() / weights.sum())
    effective = float(weights.sum() ** 2 / np.square(weights).sum())
    pooled = (rate * len(train) + natural * effective) / (len(train) + effective)
    error = sqrt(pooled * (1 - pooled) * (1 / len(train) + 1 / effective))
    if abs(rate - natural) < _LEAST_DIFFERENCE or abs(rate - natural) <= _LEAST_Z * error:
        return []
    weighted = " (weighted)" if np.ptp(weights) > 0 else ""
    direction = "high" if rate > natural else "low"
    note = (
        f'{rate:.1%} of the train rows are "{excerpt(task.positive)}" against {natural:.1%} of validation{weighted}: '
        f"scores come out too {direction} for natural text: use the fitted threshold, which is fitted on validation."
    )
    return [note]
