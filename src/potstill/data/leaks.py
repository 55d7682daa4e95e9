"""Texts that stand in two splits, and make a figure too good."""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

from potstill.data.rows import DataRow, Filtered, excerpt
from potstill.data.split_rows import SplitRows
from potstill.domain.errors import DataError

OnLeak = Literal["stop", "drop"]
"""What happens to a text that stands in two splits."""


def shared_keys(splits: Sequence[SplitRows[DataRow]]) -> dict[tuple[str, str], list[str]]:
    """The texts (their keys, in file order) that stand in two splits, by the names of both."""
    keys = {split.name: {row.key for row in split.rows} for split in splits}
    shared: dict[tuple[str, str], list[str]] = {}
    for earlier, later in combinations(splits, 2):
        both = keys[earlier.name] & keys[later.name]
        if both:
            ordered = dict.fromkeys(row.key for row in earlier.rows)
            shared[earlier.name, later.name] = [key for key in ordered if key in both]
    return shared


def check_leaks(splits: Sequence[SplitRows[DataRow]]) -> None:
    """Raise DataError where a text stands in two splits, with the count for each pair and one example."""
    shared = shared_keys(splits)
    if not shared:
        return
    counts = ", ".join(f"{len(keys)} in {earlier} and {later}" for (earlier, later), keys in shared.items())
    (earlier, later), (key, *_) = next(iter(shared.items()))
    rows = {split.name: split.rows for split in splits}
    first, second = (next(row for row in rows[name] if row.key == key) for name in (earlier, later))
    raise DataError(
        f"texts stand in two splits (upper and lower case and white space aside): {counts}. For example "
        f"{first.place} of {earlier} and {second.place} of {later}: {excerpt(first.text)}\n"
        'Take them out of the files, or set on_leak = "drop": it drops them from train first, then from validation, '
        "never from test"
    )


def drop_leaks(splits: Sequence[SplitRows[DataRow]]) -> list[SplitRows[DataRow]]:
    """Leave out of each split the rows whose text stands in a later one."""
    kept: list[SplitRows[DataRow]] = []
    later: set[str] = set()
    for split in reversed(splits):
        kept.append(split.collect(Filtered("leak") if row.key in later else row for row in split.rows))
        later |= {row.key for row in split.rows}
    return kept[::-1]
