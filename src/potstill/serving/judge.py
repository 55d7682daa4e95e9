"""Texts to verdicts, through the queue."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from potstill.domain.predictor import Logits, Prediction, predictions
from potstill.inference.bundle import BundlePredictor
from potstill.inference.reading import Read
from potstill.serving.gather import Gatherer

AT_ONCE = 4_000
"""Characters that are tokenised in passing; more go to a thread, so that nobody waits for them."""


@dataclass(frozen=True)
class Judged:
    """The verdict on a text, and whether a part of it was left unread."""

    verdict: Prediction
    truncated: bool


class TooLongError(Exception):
    """A request has more tokens than one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the texts of one request have more than {most:,} tokens together")


class Judge:
    """An opened bundle behind its queue, by the name that requests call it."""

    def __init__(self, name: str, bundle: BundlePredictor, gatherer: Gatherer, *, most_tokens: int) -> None:
        self.name, self.bundle, self.gatherer, self._most = name, bundle, gatherer, most_tokens

    async def judge(self, texts: Sequence[str]) -> list[Judged]:
        """The verdict on each text; raises as `ask` does."""
        if not texts:
            return []
        logits, long = await self.ask(texts)
        info = self.bundle.info
        found = zip(predictions(logits, info.calibration, info.task), self.bundle.unread(long), strict=True)
        return [Judged(verdict, unread) for verdict, unread in found]

    async def ask(self, texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        """Logits, (texts, labels), and for each text whether it is longer than a window.

        Raises:
            BusyError: the queue is full.
            TooLongError: the texts have too many tokens for one request.
        """
        read = await self._read(texts)
        if sum(len(row) for row in read.rows) > self._most:
            raise TooLongError(self._most)
        return self.bundle.model.of_texts(read, await self.gatherer.ask(read.rows)), read.long

    async def _read(self, texts: Sequence[str]) -> Read:
        reader = self.bundle.model.reader
        if sum(len(text) for text in texts) <= AT_ONCE:
            return reader.read(texts)
        return await asyncio.to_thread(reader.read, texts)
