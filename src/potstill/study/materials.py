"""The rows of a study, loaded, checked and tokenised."""

import json
from pathlib import Path
from typing import Any

from potstill.data.loading import Source, load_dataset
from potstill.domain.dataset import Dataset
from potstill.domain.errors import PotstillError
from potstill.study.config import DataTable, SplitTable, Study


def load_rows(table: DataTable, root: Path) -> Dataset:
    """The data set that `[data]` describes, its paths relative to `root`. Raises DataError."""
    return load_dataset(
        _source(table, table.train, training=True),
        _source(table, table.validation) if table.validation else None,
        _source(table, table.test) if table.test else None,
        labels=table.labels if isinstance(table.labels, dict) else None,
        positive=table.positive,
        fractions=table.fractions,
        on_leak=table.on_leak,
        seed=table.seed,
        root=root,
    )


def _source(table: DataTable, split: str | list[str] | SplitTable, *, training: bool = False) -> Source:
    own = split if isinstance(split, SplitTable) else SplitTable(path=split)
    columns: dict[str, Any] = table.model_dump(include={"text", "label", "id", "weight", "group", "category"})
    if isinstance(table.labels, list):
        columns["label"] = table.labels
    where = {**(table.where if training else {}), **own.where}
    sample = own.sample or (table.sample if training else None)
    encoding = own.encoding or table.encoding
    return Source(path=own.path, where=where, sample=sample, encoding=encoding, **columns)


def rows_of_study(folder: Path) -> Dataset:
    """The rows of a study that was run in `folder`, loaded again.

    Raises:
        PotstillError: the folder is no study's, or its files have moved or changed since.
    """
    try:
        summary: dict[str, Any] = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        study, root = Study.model_validate(summary["study"]), folder / summary["root"]
    except (OSError, ValueError, KeyError) as error:
        raise PotstillError(f"{folder} does not say where its rows are ({error}); `potstill run` it again") from error
    data = load_rows(study.data, root)
    before = {source["source"]: source["fingerprint"] for source in summary["account"]["sources"]}
    for source in data.account.sources:
        if before.get(source.source) != source.fingerprint:
            raise PotstillError(f"{source.source} has changed since {folder} was run; run the study again")
    return data
