"""Many clients, one engine: waiting rows are batched by tokens, fairly, in a bounded queue.

Libraries that batch requests (batched, ray.serve.batch, litserve) count requests, not tokens, grow without a bound or
go on with a request whose client has left; so this small queue is our own.
"""

import asyncio
import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from potstill.domain.errors import in_short
from potstill.domain.predictor import Logits
from potstill.serving.workers import Workers

SMOOTHING, SLOWING = 0.1, 0.5
"""What the latest batch counts for in the measured speed: more where it was slower, since all who wait pay for that."""
LATE_SECONDS = 0.2
"""More than something should wait at most: whoever has waited for so long is refused after all."""
BATCH_SHARE = 0.3
"""Of those seconds, what a batch may take: it takes longer where the engine has just slowed down."""
NICENESS = 5
REOPENS = 0.9
"""Of the room: a queue that has refused somebody counts as full until less is taken."""
Row = Sequence[int]
"""Token ids of one window."""


class FailedError(Exception):
    """The engine fails on a row of this request, also by itself: it would fail again."""


class BusyError(Exception):
    """The queue is full; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("the queue is full")
        self.retry_after = retry_after


@dataclass(eq=False)
class _Request:
    """The rows of one client, in the order given; `started` of them have been given to the engine."""

    rows: Sequence[Row]
    answer: asyncio.Future[Logits]
    came: float
    logits: dict[int, Logits] = field(default_factory=dict[int, Logits])
    started: int = 0

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.answer.done()

    def deliver(self, place: int, row: Logits) -> None:
        """Take the logits of one of its rows; with the last of them it is answered."""
        self.logits[place] = row
        if len(self.logits) == len(self.rows) and not self.is_abandoned:
            self.answer.set_result(np.stack([self.logits[n] for n in range(len(self.rows))]))


def lower_priority() -> None:
    """Let threads of the process that answer go before this one and those that it starts: a refusal is worth little if
    it waits for the engine. Only Linux knows priorities of single threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def updated(rate: float, tokens: int, seconds: float) -> float:
    """A measured speed, in tokens a second, after another batch behind which others waited; its time runs from the end
    of the one before. Without others the engine had time, and a batch of one short row would say that it is slow."""
    measured = tokens / max(seconds, 1e-6)
    return rate + (SLOWING if measured < rate else SMOOTHING) * (measured - rate)


class BatchQueue:
    """A queue in front of `compute`, which gives logits, (rows, labels), in a thread of its own.

    As much may wait as takes `seconds` at the present speed, `tokens_per_second` to begin with: under load the engine
    shares the processor with the handling of requests and is slower than it was alone. A request that finds no room is
    refused at once, and so is one that was let in and has waited for longer when its turn comes: the speed fell
    meanwhile, and what waits behind it would be late too. A batch takes one row of each waiting request in turn,
    so that a long request delays nobody by more than a batch, of `batch_tokens` or as many as take a third of
    the `seconds`. An idle engine waits `wait` seconds for more rows before it starts; a busy one has
    them waiting when it is done.
    """

    def __init__(
        self, compute: Callable[[Sequence[Row]], Logits], *, seconds: float, tokens_per_second: float,
        batch_tokens: int, wait: float = 0.002,
    ) -> None:  # fmt: skip
        self._compute_logits = compute
        self._seconds, self._most, self._wait = seconds, batch_tokens, wait
        self._requests: deque[_Request] = deque()
        self._not_empty = asyncio.Event()
        self._tokens = 0
        self._rate = tokens_per_second
        self._refused = False
        self._began: float | None = None
        self._ended = 0.0

    @property
    def waiting_tokens(self) -> int:
        """Tokens that wait or are being computed."""
        return self._tokens

    def is_full(self) -> bool:
        """Whether a request was refused and there is hardly any room yet: most that came now would be refused too."""
        self._refused = self._refused and self._tokens > REOPENS * self._seconds * self._rate
        return self._refused

    def busy_for(self) -> float:
        """Seconds that the engine has been at the present batch; 0 where it is idle."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    async def submit(self, rows: Sequence[Row]) -> Logits:
        """Logits of rows, (rows, labels). A caller that is cancelled frees its place before its rows are computed.

        Raises:
            BusyError: there is no room, or it took too long until there was.
            FailedError: the engine fails on one of them.
        """
        tokens = sum(len(row) for row in rows)
        if self._tokens and self._tokens + tokens > self._seconds * self._rate:
            self._refused = True
            raise BusyError(self.retry_after())
        request = _Request(rows, asyncio.get_running_loop().create_future(), time.monotonic())
        self._tokens += tokens
        self._requests.append(request)
        self._not_empty.set()
        try:
            return await request.answer
        finally:
            self._remove(request)

    def retry_after(self) -> int:
        """Seconds, at least one, after which what waits now will be done, as far as is known."""
        return max(1, math.ceil(self._tokens / self._rate))

    async def run(self) -> None:
        """Compute batches until cancelled."""
        engine = Workers(1, "engine", start=lower_priority)
        try:
            while True:
                await self._not_empty.wait()
                if self._tokens < self._batch_tokens():
                    await asyncio.sleep(self._wait)
                batch = self._next_batch()
                if batch:
                    await self._compute(engine, batch)
                else:
                    self._not_empty.clear()
                    self._ended = 0.0
        finally:
            engine.close()

    async def _compute(self, engine: Workers, batch: list[tuple[_Request, int]]) -> None:
        rows = [request.rows[place] for request, place in batch]
        self._began = time.monotonic()
        try:
            logits = await engine.run(self._compute_logits, rows)
        except Exception as error:  # whatever a library raises
            await self._compute_alone(engine, batch, error)
            return
        finally:
            began, self._began = self._ended or self._began, None
            self._ended = time.monotonic()
        if self._requests:
            self._rate = updated(self._rate, sum(len(row) for row in rows), self._ended - began)
        for (request, place), row in zip(batch, logits, strict=True):
            request.deliver(place, row)

    async def _compute_alone(self, engine: Workers, batch: list[tuple[_Request, int]], error: Exception) -> None:
        """Compute each row of a batch that failed by itself: who asked for a row that fails again gets the error."""
        for request, place in batch:
            if request.is_abandoned:
                continue
            self._began = time.monotonic()
            try:
                if len(batch) > 1:
                    logits = await engine.run(self._compute_logits, [request.rows[place]])
                    request.deliver(place, logits[0])
                    continue
            except Exception as alone:
                error = alone
            finally:
                self._began, self._ended = None, time.monotonic()
            if not request.is_abandoned:  # who asked may have left meanwhile
                request.answer.set_exception(FailedError(in_short(error)))

    def _batch_tokens(self) -> int:
        return max(1, min(self._most, int(BATCH_SHARE * self._seconds * self._rate)))

    def _next_batch(self) -> list[tuple[_Request, int]]:
        """A row of each request in turn, as many as fit, at least one."""
        batch: list[tuple[_Request, int]] = []
        room = self._batch_tokens()
        late = time.monotonic() - self._seconds - LATE_SECONDS
        while self._requests:
            request = self._requests.popleft()
            if request.is_abandoned:
                continue
            if request.came < late and not request.started:
                self._refused = True
                request.answer.set_exception(BusyError(self.retry_after()))
                continue
            length = len(request.rows[request.started])
            if batch and length > room:
                self._requests.appendleft(request)
                break
            batch.append((request, request.started))
            request.started += 1
            room -= length
            if request.started < len(request.rows):
                self._requests.append(request)
        return batch

    def _remove(self, request: _Request) -> None:
        self._tokens -= sum(len(row) for row in request.rows)
        if not request.answer.done():
            request.answer.cancel()
        if request in self._requests:
            self._requests.remove(request)
