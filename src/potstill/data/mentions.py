"""Rows that mention groups of people, to measure a model's errors by subgroup."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.data.account import check_rows_left, source_account
from potstill.data.labels import LabelScheme, label_scheme
from potstill.data.pipeline import (
    find_columns,
    keep_where,
    open_split,
    reject_unknown_labels,
    reject_unusable,
    take_sample,
)
from potstill.data.rows import DataRow, Filtered, leak_key
from potstill.data.source import Source
from potstill.data.split_rows import SplitRows
from potstill.domain.dataset import SourceAccount, Split
from potstill.domain.errors import DataError
from potstill.domain.task import Task

TERMS = (
    "african", "american", "arab", "asian", "bisexual", "black", "blind", "catholic", "chinese", "christian", "deaf",
    "disabled", "elderly", "female", "gay", "hispanic", "homosexual", "immigrant", "indian", "jew", "jewish", "lesbian",
    "male", "mexican", "migrant", "muslim", "old", "queer", "straight", "trans", "transgender", "white", "woman",
    "young",
)  # fmt: skip
"""Words for groups of people that hate and neutral talk share."""


@dataclass(frozen=True)
class Mentions:
    """Rows of a binary task, with a mask (n,) of those that belong to each group."""

    source: str
    texts: Sequence[str]
    positive: NDArray[np.bool_]
    weights: NDArray[np.float64]
    groups: Mapping[str, NDArray[np.bool_]]


def groups_by_term(texts: Sequence[str], terms: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Which texts have each term as a word, in the singular or with an s, whatever the case; terms without any text are
    left out."""
    groups: dict[str, NDArray[np.bool_]] = {}
    for term in terms:
        word = re.compile(rf"\b{re.escape(term)}s?\b", re.IGNORECASE)
        mask = np.array([bool(word.search(text)) for text in texts], dtype=bool)
        if mask.any():
            groups[term] = mask
    return groups


def mentions_in_test(test: Split, task: Task, terms: Sequence[str]) -> Mentions:
    """The test rows, by the terms that they mention."""
    groups = groups_by_term(test.texts, terms)
    return Mentions("test", test.texts, test.labels == task.positive_index, test.weights, groups)


def read_mentions(
    source: Source,
    task: Task,
    *,
    seen: Iterable[str],
    labels: Mapping[str, str] | None,
    terms: Sequence[str],
    column: str | None,
    seed: int,
    root: Path,
) -> tuple[Mentions, SourceAccount]:
    """The rows of a file by the terms that they mention, or by a `column` that names the group of each.

    Left out are those whose text is among `seen`: what was trained on, or chosen by.

    Raises:
        DataError: the file or a column is not there, its labels differ from the task's, or no row is left.
    """
    own_columns = replace(source, id=None, weight=None, group=None, category=column or None)
    (opened,) = find_columns([open_split("subgroups", own_columns, root)])
    rows = reject_unusable(keep_where(opened))
    scheme = label_scheme(source.name, rows.rows, labels)
    if set(scheme.names) != set(task.labels):
        raise DataError(
            f"subgroups: {source.name} has the labels {list(scheme.names)}, the task {list(task.labels)}: name them "
            "alike with [subgroups] labels"
        )
    rows = _drop_seen(reject_unknown_labels(rows, scheme), seen)
    rows = take_sample(rows, seed)
    check_rows_left([rows])
    return _mentions(rows, scheme, task, terms), source_account(rows)


def _drop_seen(split: SplitRows[DataRow], seen: Iterable[str]) -> SplitRows[DataRow]:
    known = {leak_key(text) for text in seen}
    return split.collect(Filtered("trained on or chosen by") if row.key in known else row for row in split.rows)


def _mentions(split: SplitRows[DataRow], scheme: LabelScheme, task: Task, terms: Sequence[str]) -> Mentions:
    texts = [row.text for row in split.rows]
    positive = scheme.names.index(task.labels[task.positive_index])
    return Mentions(
        source=split.source.name,
        texts=texts,
        positive=np.array([scheme.of(row)[0] == positive for row in split.rows], dtype=bool),
        weights=np.array([row.weight for row in split.rows]),
        groups=groups_by_term(texts, terms) if split.source.category is None else _groups_by_column(split),
    )


def _groups_by_column(split: SplitRows[DataRow]) -> dict[str, NDArray[np.bool_]]:
    names = np.array([row.category for row in split.rows])
    return {str(name): names == name for name in np.unique(names) if name}
