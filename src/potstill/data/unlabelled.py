"""Texts that nobody labelled, of which none stands in a split."""

from dataclasses import replace
from pathlib import Path

from potstill.data.loading import Source, open_table
from potstill.data.splits import draw_sample
from potstill.data.validation import Columns, DataRow, Tally, check_columns, leak_key, usable_rows
from potstill.domain.dataset import Dataset, SourceAccount
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
    rows = _new(rows, data, tally)
    if source.sample is not None:
        drawn = draw_sample(rows, source.sample, seed, "unlabelled")
        tally.filtered["sample"] += len(rows) - len(drawn)
        rows = list(drawn)
    if not rows:
        gone = {**tally.filtered, **tally.rejected}
        raise DataError(f"unlabelled: of {len(table.rows):,} rows in {source.name} none is left: {gone}")
    account = SourceAccount(
        source=f"unlabelled: {source.name}",
        fingerprint=table.fingerprint,
        rows=len(table.rows),
        used=len(rows),
        filtered=dict(tally.filtered),
        rejected=dict(tally.rejected),
        examples=tally.examples,
    )
    accounts = data.account.model_copy(update={"sources": [*data.account.sources, account]})
    return replace(data, unlabelled=[row.text for row in rows], account=accounts)


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
