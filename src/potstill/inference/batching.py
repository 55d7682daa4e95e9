"""Which rows go through an engine together."""

from collections.abc import Sequence

FEW = 4
"""Rows that go together where there are not enough for a full batch."""


def equal_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Rows of equal length together, as many as `budget` tokens hold; what is left over in fours, then one by one.

    No row is padded, so no engine computes on nothing and no answer depends on what a neighbour's padding did. A length
    has three shapes, not one for every number of rows: OpenVINO keeps memory for each shape that it has seen. Longest
    rows come first.
    """
    by_length: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_length.setdefault(length, []).append(row)
    batches: list[list[int]] = []
    for length, rows in sorted(by_length.items(), reverse=True):
        most = max(1, budget // max(1, length))
        for size in (most, FEW, 1) if most > FEW else (most, 1):
            full = len(rows) - len(rows) % size
            batches += [rows[start : start + size] for start in range(0, full, size)]
            rows = rows[full:]
    return batches
