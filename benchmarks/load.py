"""An open-loop load: requests at a fixed rate, whether or not the last one was answered.

Times run from the moment a request was due, so that a server that stalls is not asked less for it. Written on bare
streams: the client shares two cores with the server, and client libraries take as much of them as the server does.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

IDLE = 3
"""Seconds after which a connection is not used again; uvicorn's own default closes it after five."""
_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Outcome:
    """One request: when it was due, how long its answer took and how late it was sent, in seconds; `status` is 0 for
    none. What is sent late tells of a machine that stood still, client and server together."""

    due: float
    seconds: float
    status: int
    late: float


@dataclass(frozen=True)
class Load:
    """What a stretch of load brought."""

    outcomes: list[Outcome]

    def share(self, status: int) -> float:
        """Of the requests, those answered with this code."""
        return sum(outcome.status == status for outcome in self.outcomes) / len(self.outcomes)

    def p99(self, status: int = 200) -> float:
        """Seconds within which 99 of 100 such answers came; 0 where there were none."""
        times = [outcome.seconds for outcome in self.outcomes if outcome.status == status]
        return float(np.percentile(times, 99)) if times else 0.0


def bodies(texts: Sequence[str]) -> list[bytes]:
    """A request of /score for each text."""
    return [_request(json.dumps({"texts": [text]}).encode()) for text in texts]


async def drive(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> Load:
    """`rate` requests a second for so many seconds, evenly spaced."""
    free: list[tuple[float, _Stream]] = []
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.05

    async def request(n: int, due: float) -> Outcome:
        late = loop.time() - due
        try:
            stream = await _stream(port, free, loop.time())
            status, keep = await _ask(stream, requests[n % len(requests)])
            if keep:
                free.append((loop.time(), stream))
            else:
                stream[1].close()
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        return Outcome(due - start, loop.time() - due, status, late)

    # Each begins when it is due: thousands of tasks made beforehand would hold up the first of them.
    tasks: list[asyncio.Task[Outcome]] = []
    for n in range(max(1, int(rate * seconds))):
        due = start + n / rate
        await asyncio.sleep(due - loop.time())
        tasks.append(asyncio.create_task(request(n, due)))
    outcomes = await asyncio.gather(*tasks)
    for _, (_, writer) in free:
        writer.close()
    return Load(outcomes)


async def _stream(port: int, free: list[tuple[float, _Stream]], now: float) -> _Stream:
    """A connection that was used a moment ago, or a new one: servers close what is idle for long."""
    if free:
        used, stream = free.pop()
        if now - used < IDLE:
            return stream
        stream[1].close()
    return await asyncio.open_connection("127.0.0.1", port)


async def _ask(stream: _Stream, request: bytes) -> tuple[int, bool]:
    """The code of the answer, and whether the connection stays."""
    reader, writer = stream
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
    return int(head.split(b" ", 2)[1]), b"connection: close" not in head


def _request(body: bytes) -> bytes:
    return b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + (
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
