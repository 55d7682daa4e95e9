"""Threads that compute for the event loop, and that a process does not wait for when it ends.

Those of `concurrent.futures` and of `asyncio.to_thread` are joined at the end: an engine that never answers would keep
a server that was told to go.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Workers:
    """So many threads, which take what is to be computed in the order in which it came."""

    def __init__(self, threads: int, name: str, *, start: Callable[[], None] = lambda: None) -> None:
        """Each thread calls `start` first."""
        self._start, self._name, self._missing = start, name, threads
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = threads

    async def run(
        self, function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """What the function gives or raises. A caller that is cancelled takes it back, unless it has begun."""
        if self._missing:
            self._missing -= 1
            Thread(target=self._work, name=self._name, daemon=True).start()
        future: Future[Result] = Future()
        self._calls.put((future, partial(function, *arguments, **named)))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """End the threads once what was asked for is computed, without waiting for it."""
        for _ in range(self._threads):
            self._calls.put(None)

    def _work(self) -> None:
        self._start()
        while (call := self._calls.get()) is not None:
            future, compute = call
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(compute())
                except BaseException as error:
                    future.set_exception(error)
            del call, future, compute  # else the last batch would stay in memory until the next
