"""The rows of a study, loaded, checked and tokenised."""

from pathlib import Path
from typing import Any

from potstill.data.loading import Source, load_dataset
from potstill.domain.dataset import Dataset
from potstill.study.config import DataTable, SplitTable


def load_rows(table: DataTable, root: Path) -> Dataset:
    """The data set that `[data]` describes, its paths relative to `root`. Raises DataError."""
    return load_dataset(
        _source(table, table.train, training=True),
        _source(table, table.validation) if table.validation else None,
        _source(table, table.test) if table.test else None,
        labels=table.labels,
        positive=table.positive,
        fractions=table.fractions,
        on_leak=table.on_leak,
        seed=table.seed,
        root=root,
    )


def _source(table: DataTable, split: str | SplitTable, *, training: bool = False) -> Source:
    own = SplitTable(path=split) if isinstance(split, str) else split
    columns: dict[str, Any] = table.model_dump(include={"text", "label", "id", "weight", "group", "category"})
    where = {**(table.where if training else {}), **own.where}
    sample = own.sample or (table.sample if training else None)
    return Source(path=own.path, where=where, sample=sample, **columns)
