"""Texts that a given teacher was trained on: no figure on them says anything of texts that are new to it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from potstill.data.account import check_rows_left, source_account
from potstill.data.leaks import OnLeak
from potstill.data.pipeline import open_texts, take_sample
from potstill.data.rows import DataRow, excerpt, leak_key
from potstill.data.source import Source
from potstill.data.split_rows import SplitRows
from potstill.domain.dataset import Dataset, Split
from potstill.domain.errors import DataError

MEASURED = ("test", "validation")
"""The splits on which a teacher is measured and its threshold fitted."""


def with_trained_on(data: Dataset, source: Source, *, on_leak: OnLeak, seed: int, root: Path) -> Dataset:
    """The data set with the texts of `source`, on which its given teacher was trained, accounted for.

    Rows of validation and test with such a text stop it, or are left out: training cannot be undone.

    Raises:
        DataError: the file or a column is not there; a text stands in both; or a split has no other.
    """
    split = read_trained_on(source, seed=seed, root=root)
    known = {row.key: row for row in reversed(split.rows)}
    overlap = {name: _rows_among(data.splits()[name], known) for name in MEASURED}
    overlap = {name: rows for name, rows in overlap.items() if rows}
    if overlap and on_leak == "stop":
        raise DataError(_refusal(data, overlap, known, source.name))
    for name, rows in overlap.items():
        data = _without(data, name, rows, source.name)
    return replace(data.with_source(source_account(split)), trained_on=[row.text for row in split.rows])


def read_trained_on(source: Source, *, seed: int, root: Path) -> SplitRows[DataRow]:
    """The rows of `source`, of which the text alone is read. Raises DataError where there is none."""
    split = take_sample(open_texts("trained on", source, root), seed)
    check_rows_left([split])
    return split


def _rows_among(split: Split, known: Mapping[str, DataRow]) -> list[int]:
    return [row for row, text in enumerate(split.texts) if leak_key(text) in known]


def _refusal(data: Dataset, overlap: Mapping[str, list[int]], known: Mapping[str, DataRow], name: str) -> str:
    splits = data.splits()
    counts = " and ".join(f"{len(rows):,} of {len(splits[split]):,} in {split}" for split, rows in overlap.items())
    split, rows = next(iter(overlap.items()))
    text = splits[split].texts[rows[0]]
    return (
        "the teacher was trained on rows that it would be measured on (upper and lower case and white space aside): "
        f"{counts} stand in [teacher] trained_on, {name}. For example {known[leak_key(text)].place} there: "
        f"{excerpt(text)}\nName files for test and validation that it was not trained on, or set "
        'on_leak = "drop": it leaves these rows out of both'
    )


def _without(data: Dataset, name: str, rows: list[int], source: str) -> Dataset:
    """The data set without some rows of a split."""
    split = data.splits()[name]
    rest = split.take(np.setdiff1d(np.arange(len(split)), rows))
    if not len(rest):
        raise DataError(
            f"the teacher was trained on every row of {name}: all stand in [teacher] trained_on, {source}. Name a file "
            f"for {name} that it was not trained on"
        )
    note = f"{len(rows):,} rows of {name} are left out: the teacher was trained on them."
    account = data.account.model_copy(
        update={
            "rows": {**data.account.rows, name: len(rest)},
            "positives": {**data.account.positives, name: data.task.counts(rest.labels)},
            "notes": [*data.account.notes, note],
        }
    )
    return replace(data, account=account, **{name: rest})
