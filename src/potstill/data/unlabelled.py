"""Texts that nobody labelled, of which none stands in a split."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from potstill.data.account import check_rows_left, source_account
from potstill.data.pipeline import open_texts, take_sample
from potstill.data.rows import DataRow, Filtered, leak_key
from potstill.data.source import Source
from potstill.domain.dataset import Dataset


def with_unlabelled(data: Dataset, source: Source, *, seed: int, root: Path) -> Dataset:
    """The data set with the texts of `source`, accounted for: those that stand in a split are left out, and whatever
    label stands beside them in the file is not looked at.

    Raises:
        DataError: the file or a column is not there, or no text is left.
    """
    usable = open_texts("unlabelled", source, root)
    split = take_sample(usable.collect(_new(usable.rows, data)), seed)
    check_rows_left([split])
    return replace(data.with_source(source_account(split)), unlabelled=[row.text for row in split.rows])


def _new(rows: Sequence[DataRow], data: Dataset) -> Iterator[DataRow | Filtered]:
    """The rows whose text stands in no split, each once; the others with where their text stands."""
    causes = {leak_key(text): f"in {name}" for name, split in data.splits().items() for text in split.texts}
    for row in rows:
        yield Filtered(causes[row.key]) if row.key in causes else row
        causes.setdefault(row.key, "repeated")
