"""Which rows go through an engine together."""

from collections.abc import Sequence


def equal_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Rows of equal length together, at most `budget` tokens in a batch and at least one row, longest first.

    No row is padded, so no engine computes on nothing and no answer depends on what a neighbour's padding did.
    """
    by_length: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_length.setdefault(length, []).append(row)
    batches: list[list[int]] = []
    for length, rows in sorted(by_length.items(), reverse=True):
        size = max(1, budget // max(1, length))
        batches += [rows[start : start + size] for start in range(0, len(rows), size)]
    return batches
