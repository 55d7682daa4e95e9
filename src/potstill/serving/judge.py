"""Texts to verdicts, through the queue."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potstill.domain.predictor import decide, probabilities
from potstill.inference.bundle import BundlePredictor
from potstill.inference.reading import Read
from potstill.serving.gather import Gatherer

AT_ONCE = 4_000
"""Characters that are tokenised in passing; more go to a thread, so that nobody waits for them."""


@dataclass(frozen=True)
class Verdict:
    """What a text was called. `score` is the probability of the positive label, with more labels than two that of the
    decided one; `shares` are the probabilities of all labels in their order."""

    label: str
    score: float
    flagged: bool | None
    truncated: bool
    shares: tuple[float, ...]


class TooLongError(Exception):
    """A request has more tokens than one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the texts of one request have more than {most:,} tokens together")


class Judge:
    """An opened bundle behind the queue."""

    def __init__(self, bundle: BundlePredictor, gatherer: Gatherer, *, most_tokens: int) -> None:
        self.bundle, self.gatherer, self._most = bundle, gatherer, most_tokens

    async def judge(self, texts: Sequence[str]) -> list[Verdict]:
        """The verdict on each text.

        Raises:
            BusyError: the queue is full.
            TooLongError: the texts have too many tokens for one request.
        """
        if not texts:
            return []
        read = await self._read(texts)
        if sum(len(row) for row in read.rows) > self._most:
            raise TooLongError(self._most)
        logits = self.bundle.model.of_texts(read, await self.gatherer.ask(read.rows))
        info = self.bundle.info
        shares = probabilities(logits, info.calibration.temperature)
        decided = decide(logits, info.calibration, info.task)
        return [self._verdict(int(decided[n]), shares[n], read.long[n]) for n in range(len(texts))]

    def _verdict(self, label: int, shares: NDArray[np.float64], long: bool) -> Verdict:
        task = self.bundle.info.task
        positive = task.positive_index if task.problem == "binary" else None
        return Verdict(
            label=task.labels[label],
            score=float(shares[label if positive is None else positive]),
            flagged=None if positive is None else label == positive,
            truncated=long and self.bundle.info.long == "truncate",
            shares=tuple(float(share) for share in shares),
        )

    async def _read(self, texts: Sequence[str]) -> Read:
        reader = self.bundle.model.reader
        if sum(len(text) for text in texts) <= AT_ONCE:
            return reader.read(texts)
        return await asyncio.to_thread(reader.read, texts)
