import asyncio
import subprocess
import sys
import threading

import pytest

from potstill.serving.workers import Workers


def test_what_a_thread_computes_or_raises_comes_back() -> None:
    async def scene() -> None:
        started: list[str] = []
        workers = Workers(2, "counter", start=lambda: started.append(threading.current_thread().name))
        assert await asyncio.gather(*(workers.run(pow, 2, n) for n in range(20))) == [2**n for n in range(20)]
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 / 0)
        assert started == ["counter"] * 2
        workers.close()

    asyncio.run(scene())


def test_what_has_not_begun_is_taken_back() -> None:
    async def scene() -> None:
        workers, go, computed = Workers(1, "one"), threading.Event(), list[int]()
        first = asyncio.create_task(workers.run(go.wait, 10))
        second = asyncio.create_task(workers.run(computed.append, 1))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0)
        go.set()
        assert await first
        await workers.run(computed.append, 2)
        assert computed == [2]
        workers.close()

    asyncio.run(scene())


def test_a_thread_that_never_comes_back_does_not_keep_the_process() -> None:
    code = (
        "import asyncio, threading\n"
        "from potstill.serving.workers import Workers\n"
        "async def scene():\n"
        "    asyncio.create_task(Workers(1, 'hung').run(threading.Event().wait))\n"
        "    await asyncio.sleep(0.2)\n"
        "asyncio.run(scene())\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == 0
