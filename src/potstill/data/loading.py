"""From the files that a study names to three splits that share nothing, with an account of every row."""

from collections.abc import Mapping
from pathlib import Path

from potstill.data.account import check_rows_left, data_account
from potstill.data.labels import scheme_of, task_of
from potstill.data.leaks import check_leaks, drop_leaks
from potstill.data.notes import labels_without_rows
from potstill.data.pipeline import (
    DEFAULT_CUTTING,
    Cutting,
    cut_splits,
    find_columns,
    keep_where,
    note_repeated_ids,
    note_shared_groups,
    open_split,
    reject_contradictions,
    reject_unknown_labels,
    reject_unusable,
    take_sample,
    to_split,
)
from potstill.data.source import Sources, check_sources, with_pilot_columns
from potstill.domain.dataset import Dataset, Split
from potstill.domain.errors import DataError
from potstill.domain.task import Task


def load_dataset(
    sources: Sources,
    *,
    labels: Mapping[str, str] | None = None,
    positive: str | None = None,
    cutting: Cutting = DEFAULT_CUTTING,
    root: Path = Path("."),
) -> Dataset:
    """Read, check and cut a data set. Every row is used, or counted under the reason why not.

    The order is: parse, `where`, reject, leaks, `sample`, cut.

    Args:
        labels: value in the file to name of the label, in the order of the labels. Without it the sorted distinct
            values of train are the labels. A row with another value is rejected.
        positive: which of two labels is the one to find; the last unless named.
        cutting: what happens to leaks, and the sizes and the seed of cuts and samples.
        root: folder that relative paths start from.

    Raises:
        DataError: a file or column that is not there, no usable rows, one label only, texts that leak.
    """
    check_sources(sources)
    named = {name: with_pilot_columns(source) for name, source in sources.by_split().items()}
    opened = find_columns([open_split(name, source, root) for name, source in named.items()])
    splits = [reject_unusable(keep_where(split)) for split in opened]
    check_rows_left(splits)
    train = splits[0]
    scheme = scheme_of(train.source.name, train.source.label, train.rows, labels)
    task = task_of(scheme, positive)
    splits = [reject_contradictions(reject_unknown_labels(split, scheme), scheme) for split in splits]
    check_rows_left(splits)
    if cutting.on_leak == "stop":
        check_leaks(splits)
    splits = note_shared_groups(drop_leaks(splits))
    splits = [note_repeated_ids(take_sample(split, cutting.seed)) for split in splits]
    check_rows_left(splits)
    parts = {part.name: to_split(part, scheme) for part in cut_splits(splits, cutting)}
    _check_labels(parts["train"], task)
    return Dataset(task, parts["train"], parts["validation"], parts["test"], data_account(splits, parts, task))


def _check_labels(train: Split, task: Task) -> None:
    absent = labels_without_rows(train, task)
    if absent:
        raise DataError(f"train has no row of {absent}, and nothing is learned without examples: mend `labels`")
