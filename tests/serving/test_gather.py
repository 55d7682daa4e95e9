import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

import numpy as np
import pytest

from potstill.domain.predictor import Logits
from potstill.serving.gather import BusyError, Gatherer, Row


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


def run(engine: Engine, scene: Coroutine[Any, Any, None], gatherer: Gatherer) -> None:
    async def all_of_it() -> None:
        working = asyncio.create_task(gatherer.work())
        try:
            await asyncio.wait_for(scene, 20)
        finally:
            engine.go.set()
            working.cancel()

    asyncio.run(all_of_it())


def test_rows_come_back_in_order_and_go_through_together() -> None:
    engine = Engine()
    gatherer = Gatherer(engine, seconds=1, tokens_per_second=1000, batch_tokens=100)

    async def scene() -> None:
        found = await asyncio.gather(gatherer.ask([row(1), row(2), row(3)]), gatherer.ask([row(4)]))
        assert [one[:, 0].tolist() for one in found] == [[1, 2, 3], [4]]
        assert gatherer.waiting_tokens == 0

    run(engine, scene(), gatherer)
    assert engine.batches == [[1, 4, 2, 3]], "one row of each in turn, all in one batch"


def test_a_long_request_does_not_hold_up_a_short_one() -> None:
    engine = Engine()
    gatherer = Gatherer(engine, seconds=1, tokens_per_second=10_000, batch_tokens=8)

    async def scene() -> None:
        long = asyncio.create_task(gatherer.ask([row(1)] * 100))
        await asyncio.sleep(0)
        await gatherer.ask([row(2)])
        assert not long.done()
        await long

    run(engine, scene(), gatherer)
    assert 2 in engine.batches[0] + engine.batches[1]
    assert all(len(batch) <= 2 for batch in engine.batches)


def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() -> None:
    engine = Engine()
    gatherer = Gatherer(engine, seconds=1, tokens_per_second=20, batch_tokens=8)

    async def scene() -> None:
        engine.go.clear()
        waiting = [asyncio.create_task(gatherer.ask([row(n)])) for n in range(5)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError) as refused:
            await gatherer.ask([row(9)])
        assert not any(task.done() for task in waiting), "at once: before anything is computed"
        assert refused.value.retry_after >= 1
        assert gatherer.is_full()
        engine.go.set()
        await asyncio.gather(*waiting)
        assert not gatherer.is_full()
        assert (await gatherer.ask([row(9)])).tolist() == [[9, 0]]
        assert len(await gatherer.ask([row(8, 100)])) == 1, "a request larger than the queue goes where nothing waits"

    run(engine, scene(), gatherer)


def test_a_client_that_leaves_frees_its_place_before_its_rows_are_computed() -> None:
    engine = Engine()
    gatherer = Gatherer(engine, seconds=1, tokens_per_second=100, batch_tokens=4)

    async def scene() -> None:
        engine.go.clear()
        first = asyncio.create_task(gatherer.ask([row(1)]))
        await asyncio.sleep(0.05)
        leaving = asyncio.create_task(gatherer.ask([row(2), row(3)]))
        last = asyncio.create_task(gatherer.ask([row(4)]))
        await asyncio.sleep(0)
        assert gatherer.busy_for() > 0
        leaving.cancel()
        await asyncio.sleep(0)
        assert gatherer.waiting_tokens == 8
        engine.go.set()
        await asyncio.gather(first, last)

    run(engine, scene(), gatherer)
    assert engine.batches == [[1], [4]]


def test_an_error_of_the_engine_reaches_those_who_asked_and_nobody_else() -> None:
    engine = Engine()

    def fails_on_seven(rows: Sequence[Row]) -> Logits:
        if rows[0][0] == 7:
            raise RuntimeError("out of order")
        return engine(rows)

    gatherer = Gatherer(fails_on_seven, seconds=1, tokens_per_second=100, batch_tokens=4)

    async def scene() -> None:
        found = await asyncio.gather(gatherer.ask([row(7)]), gatherer.ask([row(1)]), return_exceptions=True)
        assert isinstance(found[0], RuntimeError)
        assert isinstance(found[1], np.ndarray)
        assert gatherer.waiting_tokens == 0

    run(engine, scene(), gatherer)
