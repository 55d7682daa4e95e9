"""The account of a data set: where the rows of every source went, and what a reader of the figures has to know."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from potstill.data import notes as notes_on
from potstill.data.rows import DataRow
from potstill.data.split_rows import Row, SplitRows, Topic
from potstill.data.splits import SPLITS
from potstill.domain.dataset import DataAccount, SourceAccount, Split
from potstill.domain.errors import DataError
from potstill.domain.task import Task


def check_rows_left(splits: Sequence[SplitRows[Row]]) -> None:
    """Raise DataError for a split without rows, with what became of those it had."""
    for split in splits:
        if not split.rows:
            examples = _examples(split)
            reasons = [f"{count:,} left out ({cause})" for cause, count in split.filtered.items()]
            reasons += [f"{count:,} {reason} ({examples[reason]})" for reason, count in _rejected(split).items()]
            raise DataError(
                f"{split.name}: no usable row in {split.source.name}. {len(split.table.rows):,} rows: "
                f"{'; '.join(reasons)}"
            )


def source_account(split: SplitRows[DataRow], names: Sequence[str] = ()) -> SourceAccount:
    """Where the rows of a source went, which has to add up; `names` are the splits that are cut from it, if several."""
    account = SourceAccount(
        source=f"{', '.join(names or [split.name])}: {split.source.name}",
        fingerprint=split.table.fingerprint,
        rows=len(split.table.rows),
        used=len(split.rows),
        filtered=dict(split.filtered),
        rejected=_rejected(split),
        examples=_examples(split),
    )
    assert account.balances(), f"rows went astray: {account}"
    return account


def data_account(sources: Sequence[SplitRows[DataRow]], splits: Mapping[str, Split], task: Task) -> DataAccount:
    """The account of a data set: of its `sources` as they were before the cut, and of the `splits` cut from them."""
    given = {source.name for source in sources}
    cut = [name for name in SPLITS if name == "train" or name not in given]
    return DataAccount(
        sources=[source_account(source, cut if source.name == "train" else ()) for source in sources],
        rows={name: len(split) for name, split in splits.items()},
        positives={name: task.counts(split.labels) for name, split in splits.items()},
        notes=[*_notes_of_sources(sources), *_notes_of_splits(splits, task)],
    )


def _rejected(split: SplitRows[Row]) -> dict[str, int]:
    """The rows rejected for each reason, in the order in which the reasons were met."""
    return dict(Counter(rejection.reason for rejection in split.rejections))


def _examples(split: SplitRows[Row]) -> dict[str, str]:
    """The first row rejected for each reason."""
    examples: dict[str, str] = {}
    for rejection in split.rejections:
        examples.setdefault(rejection.reason, f"{rejection.place}: {rejection.detail}")
    return examples


def _notes_of_sources(sources: Sequence[SplitRows[DataRow]]) -> Iterator[str]:
    """Topic by topic, in each of them split by split."""
    for topic in get_args(Topic):
        for source in sources:
            yield from (note.text for note in source.notes if note.topic == topic)


def _notes_of_splits(splits: Mapping[str, Split], task: Task) -> Iterator[str]:
    for name, split in splits.items():
        yield from notes_on.repeated_texts(name, split)
        yield from notes_on.absent_labels(name, split, task)
    yield from notes_on.rate_difference(splits["train"], splits["validation"], task)
