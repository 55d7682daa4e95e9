"""Many clients, one engine: waiting rows are gathered by tokens, fairly, in a bounded queue.

Libraries that gather requests (batched, ray.serve.batch, litserve) count requests, not tokens, grow without a bound or
go on with a request whose client has left; so this small queue is our own.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from potstill.domain.predictor import Logits

Row = Sequence[int]
"""Token ids of one window."""


class BusyError(Exception):
    """The queue is full; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("the queue is full")
        self.retry_after = retry_after


@dataclass(eq=False)
class _Request:
    """The rows of one client, in the order given; `given` of them have been handed to the engine."""

    rows: Sequence[Row]
    answer: asyncio.Future[Logits]
    logits: dict[int, Logits] = field(default_factory=dict[int, Logits])
    given: int = 0

    @property
    def left(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.answer.done()


class Gatherer:
    """A queue in front of `run`, which computes logits, (rows, labels), in a thread of its own.

    At most `most_tokens` wait; a request that finds no room is refused at once. A batch takes one row of each waiting
    request in turn, so that a long request delays nobody by more than a batch of `batch_tokens`. An idle engine waits
    `wait` seconds for company before it starts, a busy one finds it waiting.
    """

    def __init__(
        self, run: Callable[[Sequence[Row]], Logits], *, most_tokens: int, batch_tokens: int, wait: float = 0.002
    ) -> None:
        self._run = run
        self._most, self._batch, self._wait = most_tokens, batch_tokens, wait
        self._requests: deque[_Request] = deque()
        self._something = asyncio.Event()
        self._tokens = 0
        self._rate = 0.0
        self._began: float | None = None

    @property
    def waiting_tokens(self) -> int:
        """Tokens that wait or are being computed."""
        return self._tokens

    def busy_for(self) -> float:
        """Seconds that the engine has been at the present batch; 0 where it is idle."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    async def ask(self, rows: Sequence[Row]) -> Logits:
        """Logits, (rows, labels). A caller that is cancelled frees its place before its rows are computed.

        Raises:
            BusyError: there is no room.
        """
        tokens = sum(len(row) for row in rows)
        if self._tokens and self._tokens + tokens > self._most:
            raise BusyError(self.retry_after())
        request = _Request(rows, asyncio.get_running_loop().create_future())
        self._tokens += tokens
        self._requests.append(request)
        self._something.set()
        try:
            return await request.answer
        finally:
            self._leave(request)

    def retry_after(self) -> int:
        """Seconds, at least one, after which what waits now will be done, as far as is known."""
        return max(1, math.ceil(self._tokens / self._rate)) if self._rate else 1

    async def work(self) -> None:
        """Compute batches until cancelled."""
        with ThreadPoolExecutor(1, "engine") as pool:
            while True:
                await self._something.wait()
                if self._tokens < self._batch:
                    await asyncio.sleep(self._wait)
                batch = self._next_batch()
                if batch:
                    await self._compute(pool, batch)
                else:
                    self._something.clear()

    async def _compute(self, pool: ThreadPoolExecutor, batch: list[tuple[_Request, int]]) -> None:
        rows = [request.rows[place] for request, place in batch]
        self._began = time.monotonic()
        try:
            logits = await asyncio.get_running_loop().run_in_executor(pool, self._run, rows)
        except Exception as error:
            for request, _ in batch:
                if not request.left:
                    request.answer.set_exception(error)
            return
        finally:
            took, self._began = time.monotonic() - self._began, None
        tokens = sum(len(row) for row in rows)
        self._rate = 0.8 * self._rate + 0.2 * tokens / took if self._rate else tokens / max(took, 1e-6)
        for (request, place), row in zip(batch, logits, strict=True):
            self._hand_over(request, place, row)

    def _hand_over(self, request: _Request, place: int, row: Logits) -> None:
        request.logits[place] = row
        if len(request.logits) == len(request.rows) and not request.left:
            request.answer.set_result(np.stack([request.logits[n] for n in range(len(request.rows))]))

    def _next_batch(self) -> list[tuple[_Request, int]]:
        """A row of each request in turn, as many as fit, at least one."""
        batch: list[tuple[_Request, int]] = []
        room = self._batch
        while self._requests:
            request = self._requests.popleft()
            if request.left:
                continue
            length = len(request.rows[request.given])
            if batch and length > room:
                self._requests.appendleft(request)
                break
            batch.append((request, request.given))
            request.given += 1
            room -= length
            if request.given < len(request.rows):
                self._requests.append(request)
        return batch

    def _leave(self, request: _Request) -> None:
        self._tokens -= sum(len(row) for row in request.rows)
        if not request.answer.done():
            request.answer.cancel()
        if request in self._requests:
            self._requests.remove(request)
