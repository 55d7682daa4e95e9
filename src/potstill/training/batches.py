"""The order in which rows are trained on."""

from collections.abc import Sequence
from itertools import count

import numpy as np

# Rows are sorted by length within a window of so many batches: nearly no padding, and yet a random order.
WINDOW = 50
Batches = list[list[int]]


def epoch_batches(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> Batches:
    """Every row once, in batches of rows of like length, in an order that depends on seed and epoch only."""
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(lengths))
    batches: Batches = []
    for start in range(0, len(order), WINDOW * batch_size):
        drawn: list[int] = order[start : start + WINDOW * batch_size].tolist()
        window = sorted(drawn, key=lambda row: lengths[row])
        batches += [window[k : k + batch_size] for k in range(0, len(window), batch_size)]
    return [batches[index] for index in generator.permutation(len(batches))]


def plan_batches(
    lengths: Sequence[int], batch_size: int, seed: int, epochs: int, token_budget: int | None = None
) -> list[Batches]:
    """The batches of each epoch: every row `epochs` times; or, where a `token_budget` is given, as many batches as
    spend it, padding not counted, in however many epochs, the last of which is cut."""
    if token_budget is None:
        return [epoch_batches(lengths, batch_size, seed, epoch) for epoch in range(epochs)]
    plan: list[Batches] = []
    spent = 0
    for epoch in count():
        plan.append([])
        for batch in epoch_batches(lengths, batch_size, seed, epoch):
            if spent >= token_budget:
                return [batches for batches in plan if batches]
            plan[-1].append(batch)
            spent += sum(lengths[row] for row in batch)
    raise AssertionError("the epochs have no end")
