"""The rows of a study, loaded and checked."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from potstill.data.loading import Source, load_dataset
from potstill.data.unlabelled import with_unlabelled
from potstill.domain.dataset import Dataset, Split
from potstill.domain.errors import PotstillError, StudyError
from potstill.domain.study_folder import StudyFolder
from potstill.study.config import DataTable, SplitTable, Study


def load_rows(table: DataTable, root: Path) -> Dataset:
    """The data set that `[data]` describes, its paths relative to `root`. Raises DataError."""
    data = load_dataset(
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
    if table.unlabelled is None:
        return data
    return with_unlabelled(data, _source(table, table.unlabelled), seed=table.seed, root=root)


def rows_of(study: Study, root: Path) -> tuple[Dataset, Split | None]:
    """The rows that the study trains and measures on, and those that it holds out to choose layers on, if it does."""
    data = load_rows(study.data, root)
    if not study.searches_layers:
        return data, None
    return hold_out(data, study.layer_search.rows, study.layer_search.seed)


def hold_out(data: Dataset, count: int, seed: int) -> tuple[Dataset, Split]:
    """The data set without some of its training rows, and those: about `count` of them, at most a quarter, drawn by the
    seed.

    Rows that belong together stay together, so there may be a few more, or fewer where a group is too large.

    Raises:
        StudyError: every group has more than a quarter of the rows.
    """
    train = data.train
    most = len(train) // 4
    wanted = min(count, most)
    groups: dict[str, list[int]] = {}
    for row, group in enumerate(train.groups):
        groups.setdefault(group or f"row {row}", []).append(row)
    names = sorted(groups)
    held: list[int] = []
    for place in np.random.default_rng(seed).permutation(len(names)):
        if len(held) >= wanted:
            break
        group = groups[names[int(place)]]
        if len(held) + len(group) <= most:
            held += group
    if not held:
        raise StudyError(
            f"no rows of train can be held out to choose layers on: each of its {len(names)} groups has more than a "
            "quarter of them; name the layers, or group by something finer"
        )
    rest = train.take(sorted(set(range(len(train))) - set(held)))
    account = data.account.model_copy(
        update={
            "rows": {**data.account.rows, "train": len(rest)},
            "positives": {**data.account.positives, "train": data.task.counts(rest.labels)},
            "notes": [*data.account.notes, f"{len(held):,} rows of train are held out, to choose layers on."],
        }
    )
    return replace(data, train=rest, account=account), train.take(sorted(held))


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
        PotstillError: it is not a study folder, or its files have moved or changed since.
    """
    record = StudyFolder(folder).record()
    if record.root is None:
        raise PotstillError(f"{folder} does not say where its rows are: it is packed; `potstill run` the study again")
    try:
        study = Study.model_validate(record.study)
    except ValueError as error:
        raise PotstillError(f"{folder} does not say where its rows are ({error}); `potstill run` it again") from error
    data = load_rows(study.data, folder / record.root)
    before = {source.source: source.fingerprint for source in record.account.sources}
    for source in data.account.sources:
        if before.get(source.source) != source.fingerprint:
            raise PotstillError(f"{source.source} has changed since {folder} was run; run the study again")
    return data
