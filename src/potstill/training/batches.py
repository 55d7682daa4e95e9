"""The order in which rows are trained on."""

from collections.abc import Sequence

import numpy as np

# Rows are sorted by length within a window of so many batches: nearly no padding, and yet a random order.
WINDOW = 50


def epoch_batches(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Every row once, in batches of rows of like length, in an order that depends on seed and epoch only."""
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(lengths))
    batches: list[list[int]] = []
    for start in range(0, len(order), WINDOW * batch_size):
        window = sorted(order[start : start + WINDOW * batch_size].tolist(), key=lambda row: lengths[row])
        batches += [window[k : k + batch_size] for k in range(0, len(window), batch_size)]
    return [batches[index] for index in generator.permutation(len(batches))]
