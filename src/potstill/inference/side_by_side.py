"""Many batches on all cores: each on one thread, several at a time.

Two threads share one product badly, the worse the smaller it is; two products share nothing. A single comment has
every thread: it is answered sooner so.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from potstill.domain.predictor import Logits
from potstill.inference.engine import Engine, EngineName, ReadFile, open_engine

WORTH_USING = 2
"""Batches for each thread: with fewer, the last leaves threads idle."""
WORTH_OPENING = 16
"""Batches for each thread: with fewer, a second copy of the weights in memory is not worth it."""


class SideBySide:
    """An engine for several batches at a time, opened when it is first worth it."""

    def __init__(self, opening: Callable[[], Engine], threads: int) -> None:
        self._opening, self._threads = opening, threads
        self._lock = Lock()
        self._engine: Engine | None = None
        self._pool = ThreadPoolExecutor(threads)  # its threads start when they are first needed

    def is_worth_it(self, batches: int) -> bool:
        """Whether so many batches are answered sooner side by side than one after another."""
        least = WORTH_OPENING if self._engine is None else WORTH_USING
        return self._threads > 1 and batches >= least * self._threads

    def open(self) -> Engine:
        """Open the engine now, where that has not been done. Raises ModelError where it does not open."""
        with self._lock:
            self._engine = self._engine or self._opening()
            return self._engine

    def __call__(self, batches: Sequence[NDArray[np.int64]]) -> list[Logits]:
        """The logits of each batch, (rows, labels), in order; raises as `open` does."""
        return list(self._pool.map(self.open(), batches))


def side_by_side(name: EngineName, read: ReadFile, threads: int) -> SideBySide:
    """The engine `name` once more, for as many batches at a time as there are threads."""
    return SideBySide(partial(open_engine, name, read, threads=threads, at_once=threads), threads)
