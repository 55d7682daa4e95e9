"""The rows of a study, loaded and checked."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from potstill.data.loading import load_dataset
from potstill.data.pipeline import Cutting
from potstill.data.rows import leak_key
from potstill.data.source import Source, Sources
from potstill.data.trained_on import with_trained_on
from potstill.data.unlabelled import with_unlabelled
from potstill.domain.baselines import TEACHER
from potstill.domain.dataset import Dataset, Split
from potstill.domain.errors import PotstillError, StudyError
from potstill.domain.study_folder import StudyFolder
from potstill.study.config import Study
from potstill.study.tables import DataTable, SplitTable


def load_rows(table: DataTable, root: Path) -> Dataset:
    """The data set that `[data]` describes, its paths relative to `root`. Raises DataError."""
    data = load_dataset(
        Sources(
            _source(table, table.train, training=True),
            _source(table, table.validation) if table.validation else None,
            _source(table, table.test) if table.test else None,
        ),
        labels=table.labels if isinstance(table.labels, dict) else None,
        positive=table.positive,
        cutting=Cutting(table.fractions, table.on_leak, table.seed),
        root=root,
    )
    if table.unlabelled is None:
        return data
    return with_unlabelled(data, _source(table, table.unlabelled), seed=table.seed, root=root)


def load_study_rows(study: Study, root: Path) -> Dataset:
    """The data set of a study, held against what its teacher was trained on, if that was given. Raises DataError."""
    data, table, teacher = load_rows(study.data, root), study.data, study.teacher
    if teacher.model is None:
        return data
    if teacher.trained_on is not None:
        source = _source(table, teacher.trained_on)
        return with_trained_on(data, source, on_leak=table.on_leak, seed=table.seed, root=root)
    return with_doubt(data, _source(table, table.train).name) if table.test is None else data


def with_doubt(data: Dataset, source: str) -> Dataset:
    """The data set with a note that its teacher may know the test rows, which are cut from `source`."""
    note = (
        f"The teacher was given, and test is cut from {source}: if it was trained on rows of that, its figures on test "
        "are too good, and every student looks worse beside it than it is. Name what it was trained on with [teacher] "
        "trained_on, which is then checked, or a file of its own with [data] test."
    )
    return replace(data, account=data.account.model_copy(update={"notes": [*data.account.notes, note]}))


def rows_of(study: Study, root: Path) -> tuple[Dataset, Split | None]:
    """The rows that the study trains and measures on, and those that it holds out to choose layers on, if it does."""
    data = load_study_rows(study, root)
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
        raise PotstillError(
            f"{folder} is a packed study, which does not say where its rows are; `potstill run` it again"
        )
    data = load_study_rows(Study.model_validate(record.study), folder / record.root)
    before = {source.source: source.fingerprint for source in record.account.sources}
    for source in data.account.sources:
        if before.get(source.source) != source.fingerprint:
            raise PotstillError(f"{source.source} has changed since {folder} was run; run the study again")
    return data


def texts_trained_on(folder: Path, run: str | None = None) -> frozenset[str] | None:
    """The keys (`leak_key`) of the texts that the teacher of the study in `folder` was trained on, or the model in the
    folder `run` of its ledger; None where nobody says, or where the study's files are no longer there."""
    record = StudyFolder(folder).record()
    study = Study.model_validate(record.study)
    is_given = study.teacher.model is not None
    if record.root is None:
        return None
    try:
        data, _ = rows_of(study, folder / record.root)
    except PotstillError:  # its files have moved or changed
        return None
    if is_given and data.trained_on is None:
        return None
    is_teacher = run is None or run.startswith(f"{TEACHER}-s")
    texts = [*(data.trained_on or ()), *(() if is_teacher and is_given else data.train.texts)]
    return frozenset(leak_key(text) for text in [*texts, *(() if is_teacher else data.unlabelled)])


def study_around(model: str | Path) -> StudyFolder | None:
    """The study in whose ledger a saved model lies, if it does."""
    parents = Path(model).absolute().parents
    ledgers = [parent for parent in parents if parent.name == "ledger" and StudyFolder(parent.parent).is_study()]
    return StudyFolder(ledgers[0].parent) if ledgers else None
