"""One connection of a client, with bounds on what comes before there is a request, and on an answer not read."""

import re
from asyncio import AbstractEventLoop, TimerHandle, Transport
from collections.abc import Callable
from typing import Any, cast

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from potstill.serving.lingering import LingeringTransport

HEAD_BYTES = 65_536
"""Of a request's first line and headers."""
HEAD_SECONDS = 10
"""For them, counted from connecting or from their first byte."""
MOST_CHUNKS = 4_096
"""Of a body that is sent in chunks. Each takes as long as a kilobyte: a megabyte in chunks of a byte would hold up
everybody."""
UNREAD_SECONDS = 30
"""For a client to take what is left of an answer, once the buffers between it and the server are full."""
DRAINED_BYTES, DRAINED_HEAD_BYTES = 16_000_000, 262_144
"""What is thrown away of a body that was refused, and of what is no request."""
_HEAD_END = re.compile(rb"\n\r?\n")
_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


class OpenConnections(ServerState):
    """uvicorn's state, and the open connections in the order in which they were last answered or opened.

    Where there are too many, the first that does no work for anybody goes: connections that say nothing, or whose
    requests were refused, cost a client nothing.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._by_age: dict[Connection, None] = {}

    def note(self, connection: "Connection") -> None:
        """It was opened or answered just now."""
        self._by_age.pop(connection, None)
        self._by_age[connection] = None
        if len(self._by_age) > self._most:
            idle = next((each for each in self._by_age if not each.is_working()), connection)
            self.forget(idle)
            idle.transport.abort()

    def forget(self, connection: "Connection") -> None:
        """It is closed."""
        self._by_age.pop(connection, None)


class Connection(H11Protocol):
    """uvicorn's own HTTP/1.1, which bounds what is incomplete, not what came in one piece, and waits for the end of a
    head for ever.

    Not uvicorn's quicker one on httptools: that loses the body of a request that also offers HTTP/2, as Java's client
    does unless told otherwise, and bounds nothing.
    """

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config, server_state, app_state, _loop)
        self.conn = _BoundedChunks(h11.SERVER, HEAD_BYTES)
        self._open = cast(OpenConnections, server_state)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """As asyncio calls it."""
        self._lingering = LingeringTransport(transport, self.loop, self._unread_bytes)
        self._head = _Deadline(self.loop, HEAD_SECONDS, self._lingering.close)
        self._unread = _Deadline(self.loop, UNREAD_SECONDS, transport.abort)
        super().connection_made(cast(Transport, self._lingering))
        self._head.start()
        self._open.note(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio calls it."""
        self._open.forget(self)
        self._head.call_off()
        self._unread.call_off()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As asyncio calls it."""
        if not self._lingering.throws_away(data):
            super().data_received(data)

    def pause_writing(self) -> None:
        """As asyncio calls it, where the client does not read; uvicorn would wait for it for ever."""
        super().pause_writing()
        self._unread.start()

    def on_response_complete(self) -> None:
        """As uvicorn calls it."""
        self._open.note(self)
        super().on_response_complete()
        self._end_soon()

    def timeout_keep_alive_handler(self) -> None:
        """As uvicorn calls it."""
        super().timeout_keep_alive_handler()
        self._end_soon()

    def resume_writing(self) -> None:
        """As asyncio calls it."""
        self._unread.call_off()
        super().resume_writing()

    def handle_events(self) -> None:
        """What came has been read as far as it goes; a beginning may be left."""
        if self._head_bytes() > HEAD_BYTES:
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()
            return
        super().handle_events()
        if self._head_bytes():
            self._head.start()
        else:
            self._head.call_off()

    def is_working(self) -> bool:
        """Whether a request that was let through is being answered."""
        cycle = cast(RequestResponseCycle | None, self.cycle)  # None before the first request
        return cycle is not None and not cycle.response_complete and "admitted" in cycle.scope.get("state", {})

    def _head_bytes(self) -> int:
        """Of the head that is to be read next, as far as it is here: it counts before it is parsed, for which a large
        one would take long."""
        if self.conn.their_state is not h11.IDLE:
            return 0
        arrived = self.conn.trailing_data[0]
        end = _HEAD_END.search(arrived)
        return end.end() if end else len(arrived)

    def _unread_bytes(self) -> int:
        if self.conn.their_state is h11.SEND_BODY:
            return DRAINED_BYTES
        return DRAINED_HEAD_BYTES if self.conn.their_state is h11.ERROR or self.conn.trailing_data[0] else 0

    def _end_soon(self) -> None:
        """A closed transport keeps what is unsent, less than a pause takes, and waits for its reader for ever."""
        if self.transport.is_closing():
            self._unread.start()


class _Deadline:
    """Calls something after so many seconds, unless it is called off."""

    def __init__(self, loop: AbstractEventLoop, seconds: float, call: Callable[[], None]) -> None:
        self._loop, self._seconds, self._call = loop, seconds, call
        self._timer: TimerHandle | None = None

    def start(self) -> None:
        """Count from now; where it counts already, from where it began."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._call)

    def call_off(self) -> None:
        """Do nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _BoundedChunks(h11.Connection):
    """h11's HTTP/1.1 of a server, which refuses a body in too many chunks."""

    _chunks = 0

    def next_event(self) -> Any:
        """As h11 has it. Raises h11.RemoteProtocolError for one chunk too many."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._chunks = 0
        elif isinstance(event, h11.Data) and event.chunk_start:
            self._chunks += 1
            if self._chunks > MOST_CHUNKS:
                raise h11.RemoteProtocolError("too many chunks")
        return event
