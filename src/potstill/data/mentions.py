"""Rows that mention groups of people, to see whom a model's errors hit."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.data.loading import Source, open_table, sampled, source_account
from potstill.data.validation import (
    Columns,
    Tally,
    check_columns,
    label_scheme,
    leak_key,
    usable_rows,
    with_known_labels,
)
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
    found: dict[str, NDArray[np.bool_]] = {}
    for term in terms:
        word = re.compile(rf"\b{re.escape(term)}s?\b", re.IGNORECASE)
        mask = np.array([bool(word.search(text)) for text in texts], dtype=bool)
        if mask.any():
            found[term] = mask
    return found


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
        DataError: the file or a column is not there, its labels are others than the task's, or no row is left.
    """
    table, tally = open_table("subgroups", source, root), Tally()
    check_columns(table, [source.text, *source.label_columns, *source.where, *([column] if column else [])])
    rows = usable_rows(table, Columns(source.text, source.label_columns, category=column), source.where, tally)
    scheme = label_scheme(source.name, rows, labels)
    if set(scheme.names) != set(task.labels):
        raise DataError(
            f"subgroups: {source.name} has the labels {list(scheme.names)}, the task {list(task.labels)}: name them "
            "alike with [subgroups] labels"
        )
    known = {leak_key(text) for text in seen}
    labelled = with_known_labels(rows, scheme, tally)
    rows = [row for row in labelled if row.key not in known]
    tally.filtered["trained on or chosen by"] += len(labelled) - len(rows)
    rows = sampled("subgroups", source, tally, rows, seed)
    if not rows:
        raise DataError(f"subgroups: of {len(table.rows):,} rows in {source.name} none is left: {dict(tally.rejected)}")
    texts, names = [row.text for row in rows], np.array([row.category for row in rows])
    groups = groups_by_term(texts, terms)
    if column:
        groups = {str(name): names == name for name in np.unique(names) if name}
    account = source_account("subgroups", source, table, tally, len(rows))
    place = scheme.names.index(task.labels[task.positive_index])
    positive = np.array([scheme.of(row)[0] == place for row in rows], dtype=bool)
    return Mentions(source.name, texts, positive, np.array([row.weight for row in rows]), groups), account
