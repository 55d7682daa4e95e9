"""Texts to predictions, through the queue."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from potstill.domain.predictor import Logits, Prediction, predictions
from potstill.inference.bundle import BundlePredictor
from potstill.inference.languages import NOT_TOLD, Detection
from potstill.inference.reading import Read, slices
from potstill.serving.account import charge
from potstill.serving.batch_queue import BatchQueue
from potstill.serving.workers import Workers

INLINE_CHARACTERS = 4_000
"""So many are tokenised on the event loop; more go to a thread, so that nobody waits for them."""
AT_ONCE = 50_000
"""Characters that are tokenised before it is known whether the request has too many tokens."""

READERS = 2
"""Threads that tokenise: more only take time from the engine."""


@dataclass(frozen=True)
class TextPrediction:
    """The prediction for a text, whether a part of it was left unread, and what language it seems to be in."""

    prediction: Prediction
    truncated: bool
    detection: Detection = NOT_TOLD


class TooLongError(Exception):
    """A request has more tokens than one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the texts of one request have more than {most:,} tokens together")


class ServedModel:
    """An opened bundle behind its queue, by the name that requests call it."""

    def __init__(self, name: str, bundle: BundlePredictor, queue: BatchQueue, *, most_tokens: int) -> None:
        self.name, self.bundle, self.queue, self._most = name, bundle, queue, most_tokens
        self.computing: asyncio.Task[None] | None = None
        """Runs the queue."""
        self._readers = Workers(READERS, "reader")

    def close(self) -> None:
        """Compute nothing more, and let the engine go."""
        if self.computing is not None:
            self.computing.cancel()
        self._readers.close()

    async def predict(self, texts: Sequence[str]) -> list[TextPrediction | None]:
        """The prediction for each text; None for a text of which nothing can be read; raises as `logits` does."""
        read = await self._read(texts)
        if all(read.blank):
            return [None] * len(texts)
        logits = await self._logits(read)
        info = self.bundle.info
        predicted = predictions(logits, info.calibration, info.task)
        detected = await self.detect(texts)
        answers = zip(predicted, self.bundle.unread(read.long), detected, read.blank, strict=True)
        return [None if blank else TextPrediction(each, cut, language) for each, cut, language, blank in answers]

    async def detect(self, texts: Sequence[str]) -> list[Detection]:
        """What language each text seems to be in."""
        check = self.bundle.languages
        if check.is_loaded and sum(len(text) for text in texts) <= INLINE_CHARACTERS:
            return check.detect(texts)
        return await asyncio.to_thread(check.detect, texts)

    async def is_blank(self, text: str) -> bool:
        """Whether nothing of a text can be read."""
        return (await self._read([text])).blank[0]

    async def logits(self, texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        """Logits, (texts, labels), and for each text whether it is longer than a window.

        Raises:
            BusyError: the queue is full.
            TooLongError: the texts have too many tokens for one request.
        """
        read = await self._read(texts)
        return await self._logits(read), read.long

    async def _logits(self, read: Read) -> Logits:
        tokens = sum(len(row) for row in read.rows)
        if tokens > self._most:
            raise TooLongError(self._most)
        charge(len(read.long), tokens)
        return self.bundle.model.of_texts(read, await self.queue.submit(read.rows))

    async def _read(self, texts: Sequence[str]) -> Read:
        if sum(len(text) for text in texts) <= INLINE_CHARACTERS:
            return self._bounded(texts)
        return await self._readers.run(self._bounded, texts)

    def _bounded(self, texts: Sequence[str]) -> Read:
        """The texts' token ids, or TooLongError as soon as they are too many."""
        read = Read([], [], [], [])
        tokens = 0
        for some in slices(texts, AT_ONCE):
            part = self.bundle.model.reader.read(some)
            tokens += sum(len(row) for row in part.rows)
            if tokens > self._most:
                raise TooLongError(self._most)
            read.owners.extend(owner + len(read.long) for owner in part.owners)
            read.rows.extend(part.rows)
            read.long.extend(part.long)
            read.blank.extend(part.blank)
        return read
