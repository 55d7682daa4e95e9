"""Which rows go through an engine together."""

from collections.abc import Sequence


def equal_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Rows of equal length together, as many as `budget` tokens hold, and what is left over one by one; longest first.

    No row is padded, so no engine computes on nothing and no answer depends on what a neighbour's padding did. A length
    has two shapes, not one for every number of rows: OpenVINO keeps memory for each shape that it has seen.
    """
    by_length: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_length.setdefault(length, []).append(row)
    batches: list[list[int]] = []
    for length, rows in sorted(by_length.items(), reverse=True):
        size = max(1, budget // max(1, length))
        full = len(rows) - len(rows) % size
        batches += [rows[start : start + size] for start in range(0, full, size)] + [[row] for row in rows[full:]]
    return batches
