"""Texts that nobody labelled, of which none stands in a split."""

from dataclasses import replace
from pathlib import Path

from potstill.data.loading import Source, open_table, sampled, source_account
from potstill.data.validation import Columns, DataRow, Tally, check_columns, leak_key, usable_rows
from potstill.domain.dataset import Dataset
from potstill.domain.errors import DataError


def with_unlabelled(data: Dataset, source: Source, *, seed: int, root: Path) -> Dataset:
    """The data set with the texts of `source`, accounted for: those that stand in a split are left out, and whatever
    label stands beside them in the file is not looked at.

    Raises:
        DataError: the file or a column is not there, or no text is left.
    """
    table, tally = open_table("unlabelled", source, root), Tally()
    check_columns(table, [source.text, *source.where])
    rows = usable_rows(table, Columns(source.text, []), source.where, tally)
    rows = sampled("unlabelled", source, tally, _new(rows, data, tally), seed)
    if not rows:
        gone = {**tally.filtered, **tally.rejected}
        raise DataError(f"unlabelled: of {len(table.rows):,} rows in {source.name} none is left: {gone}")
    account = source_account("unlabelled", source, table, tally, len(rows))
    return replace(data.with_source(account), unlabelled=[row.text for row in rows])


def _new(rows: list[DataRow], data: Dataset, tally: Tally) -> list[DataRow]:
    """The rows whose text stands in no split, each once."""
    known = {leak_key(text): f"in {name}" for name, split in data.splits().items() for text in split.texts}
    new: list[DataRow] = []
    for row in rows:
        if row.key in known:
            tally.filtered[known[row.key]] += 1
        else:
            known[row.key] = "repeated"
            new.append(row)
    return new
