"""Data sets of the Hugging Face Hub, by the library `datasets`, which comes with the lab; no other file imports it."""

import json
import re
from hashlib import sha256
from typing import Any

import datasets  # pyright: ignore[reportMissingTypeStubs]
from datasets.exceptions import DatasetsError  # pyright: ignore[reportMissingTypeStubs]

from potstill.data.arrow import ArrowTable, string_column
from potstill.data.formats import Table
from potstill.data.parquet import arrow_rows
from potstill.domain.errors import DataError

_datasets: Any = datasets  # its own types leave some open
_NAME = re.compile(
    r"hub:(?P<path>[\w.-]+/[\w.-]+)(/(?P<config>[^@#]+))?(@(?P<revision>[^#]+))?(#(?P<split>[\w.-]+))?", re.ASCII
)


def hub_table(name: str, split: str) -> Table:
    """The rows of `hub:OWNER/NAME[/CONFIG][@REVISION][#SPLIT]`; `split` is read unless another is named.

    Numbers that stand for classes are read as the names of the classes. Without a network, what was fetched before is
    used.

    Raises:
        DataError: the name is not of this form, or the data set, its configuration or its split cannot be fetched.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise DataError(f"{name} is not the name of a Hub data set; write hub:OWNER/NAME[/CONFIG][@REVISION][#SPLIT]")
    split = match["split"] or split
    try:
        dataset = _datasets.load_dataset(match["path"], match["config"], split=split, revision=match["revision"])
    except (DatasetsError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{name}: the split {split} cannot be fetched from the Hub: {reason}") from error
    columns, rows = arrow_rows(_with_class_names(dataset))
    if not rows:
        raise DataError(f"{name}: the split {split} has no rows")
    digest = sha256()
    for row in rows:
        digest.update(json.dumps([row.values, row.fault]).encode() + b"\n")
    notes = [] if match["revision"] else [f"{name} may change: pin it with {match['path']}@COMMIT."]
    return Table(name, columns, rows, f"sha256:{digest.hexdigest()}", notes)


def _with_class_names(dataset: Any) -> ArrowTable:
    """All columns of a datasets.Dataset; those of classes by name."""
    table: ArrowTable = dataset.with_format("arrow")[:]
    for index, column in enumerate(table.column_names):
        feature = dataset.features[column]
        if isinstance(feature, _datasets.ClassLabel):
            names: list[str] = feature.names
            known = dict(enumerate(names))  # -1 stands for "no label", as None does
            values = [known.get(value) for value in table.column(index).to_pylist()]
            table = table.set_column(index, column, string_column(values))
    return table
