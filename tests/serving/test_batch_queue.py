import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from typing import Any

import numpy as np
import pytest

from potstill.domain.predictor import Logits
from potstill.serving.batch_queue import BatchQueue, BusyError, FailedError, Row


class Engine:
    """No model: the answer to a row is its first token. It can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, rows: Sequence[Row]) -> Logits:
        self.go.wait(10)
        self.batches.append([row[0] for row in rows])
        return np.array([[row[0], 0] for row in rows], dtype=np.float32)


def row(name: int, length: int = 4) -> list[int]:
    return [name] * length


def run(engine: Engine, scene: Coroutine[Any, Any, None], queue: BatchQueue) -> None:
    async def all_of_it() -> None:
        working = asyncio.create_task(queue.run())
        try:
            await asyncio.wait_for(scene, 20)
        finally:
            engine.go.set()
            working.cancel()

    asyncio.run(all_of_it())


def test_rows_come_back_in_order_and_go_through_together() -> None:
    engine = Engine()
    queue = BatchQueue(engine, seconds=1, tokens_per_second=1000, batch_tokens=100)

    async def scene() -> None:
        answers = await asyncio.gather(queue.submit([row(1), row(2), row(3)]), queue.submit([row(4)]))
        assert [logits[:, 0].tolist() for logits in answers] == [[1, 2, 3], [4]]
        assert queue.waiting_tokens == 0

    run(engine, scene(), queue)
    assert engine.batches == [[1, 4, 2, 3]], "one row of each in turn, all in one batch"


def test_a_long_request_does_not_hold_up_a_short_one() -> None:
    engine = Engine()
    queue = BatchQueue(engine, seconds=1, tokens_per_second=10_000, batch_tokens=8)

    async def scene() -> None:
        long = asyncio.create_task(queue.submit([row(1)] * 100))
        await asyncio.sleep(0)
        await queue.submit([row(2)])
        assert not long.done()
        await long

    run(engine, scene(), queue)
    assert 2 in engine.batches[0] + engine.batches[1]
    assert all(len(batch) <= 2 for batch in engine.batches)


def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() -> None:
    engine = Engine()
    queue = BatchQueue(engine, seconds=1, tokens_per_second=20, batch_tokens=8)

    async def scene() -> None:
        engine.go.clear()
        waiting = [asyncio.create_task(queue.submit([row(n)])) for n in range(5)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError) as refused:
            await queue.submit([row(9)])
        assert not any(task.done() for task in waiting), "at once: before anything is computed"
        assert refused.value.retry_after >= 1
        assert queue.is_full()
        engine.go.set()
        await asyncio.gather(*waiting)
        assert not queue.is_full()
        assert (await queue.submit([row(9)])).tolist() == [[9, 0]]
        assert len(await queue.submit([row(8, 100)])) == 1, "a request larger than the queue goes where nothing waits"

    run(engine, scene(), queue)


def test_a_client_that_leaves_frees_its_place_before_its_rows_are_computed() -> None:
    engine = Engine()
    queue = BatchQueue(engine, seconds=1, tokens_per_second=100, batch_tokens=4)

    async def scene() -> None:
        engine.go.clear()
        first = asyncio.create_task(queue.submit([row(1)]))
        await asyncio.sleep(0.05)
        leaving = asyncio.create_task(queue.submit([row(2), row(3)]))
        last = asyncio.create_task(queue.submit([row(4)]))
        await asyncio.sleep(0)
        assert queue.busy_for() > 0
        leaving.cancel()
        await asyncio.sleep(0)
        assert queue.waiting_tokens == 8
        engine.go.set()
        await asyncio.gather(first, last)

    run(engine, scene(), queue)
    assert engine.batches == [[1], [4]]


@pytest.mark.parametrize("batch_tokens", [4, 100])
def test_an_error_of_the_engine_reaches_who_asked_for_it_and_nobody_else(batch_tokens: int) -> None:
    """Also those who shared a batch with it: each row of a batch that fails is computed again by itself."""
    engine = Engine()

    def fails_on_seven(rows: Sequence[Row]) -> Logits:
        if any(ids[0] == 7 for ids in rows):
            raise RuntimeError("out of order")
        return engine(rows)

    queue = BatchQueue(fails_on_seven, seconds=1, tokens_per_second=1000, batch_tokens=batch_tokens)

    async def scene() -> None:
        asked = [[row(1), row(2)], [row(3), row(7), row(4)], *([row(n)] for n in (5, 6, 8, 9))]
        answers = await asyncio.gather(*map(queue.submit, asked), return_exceptions=True)
        guilty = answers.pop(1)
        assert isinstance(guilty, FailedError)
        assert str(guilty) == "out of order"
        assert [answer[:, 0].tolist() for answer in answers if isinstance(answer, np.ndarray)] == [
            [1, 2], [5], [6], [8], [9],
        ]  # fmt: skip
        assert queue.waiting_tokens == 0
        assert queue.busy_for() == 0
        assert (await queue.submit([row(1)])).tolist() == [[1, 0]], "and the queue goes on"

    run(engine, scene(), queue)


def test_whoever_is_answered_did_not_wait_long_though_the_engine_slows_down() -> None:
    """At first a row takes a millisecond, then four times as long, while rows come three times as fast as that."""
    slow, quick = 0.008, 0.002
    seconds = [quick]

    def compute(rows: Sequence[Row]) -> Logits:
        time.sleep(seconds[0] * len(rows))
        return np.zeros((len(rows), 2), dtype=np.float32)

    async def ask(queue: BatchQueue) -> tuple[bool, float]:
        began = time.monotonic()
        try:
            await queue.submit([row(1)])
        except BusyError:
            return False, time.monotonic() - began
        return True, time.monotonic() - began

    async def scene(queue: BatchQueue) -> None:
        asked: list[asyncio.Task[tuple[bool, float]]] = []
        for n in range(1000):
            asked.append(asyncio.create_task(ask(queue)))
            seconds[0] = quick if n < 200 else slow
            await asyncio.sleep(quick if n < 200 else slow / 3)
        done = await asyncio.gather(*asked)
        answered = [took for good, took in done if good]
        assert len(answered) > 200
        assert max(answered) < 1
        refused = [took for good, took in done if not good]
        assert len(refused) > 200
        assert np.median(refused) < 0.05, "most are refused at once"

    queue = BatchQueue(compute, seconds=0.5, tokens_per_second=4 / quick, batch_tokens=2048)
    run(Engine(), scene(queue), queue)
