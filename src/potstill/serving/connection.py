"""One connection of a client, with deadlines for what comes before there is a request, and for an answer not read."""

from asyncio import TimerHandle, Transport

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10
"""For a request's first line and headers, counted from connecting or from their first byte."""


UNREAD_SECONDS = 30
"""For a client to take what is left of an answer, once the buffers between it and the server are full."""


class Connection(H11Protocol):
    """uvicorn's own HTTP/1.1, which bounds the size of a head and waits for the end of one for ever.

    Not uvicorn's quicker one on httptools: that loses the body of a request that also offers HTTP/2, as Java's client
    does unless told otherwise, and bounds nothing.
    """

    _head_timer: TimerHandle | None = None
    _unread_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """As asyncio calls it."""
        super().connection_made(transport)
        self._start_head_timer(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio calls it."""
        self._stop_head_timer()
        self._stop_unread_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """As asyncio calls it, where the client does not read; uvicorn would wait for it for ever."""
        super().pause_writing()
        self._hang_up_if_unread()

    def on_response_complete(self) -> None:
        """As uvicorn calls it."""
        super().on_response_complete()
        self._end_soon()

    def timeout_keep_alive_handler(self) -> None:
        """As uvicorn calls it."""
        super().timeout_keep_alive_handler()
        self._end_soon()

    def resume_writing(self) -> None:
        """As asyncio calls it."""
        self._stop_unread_timer()
        super().resume_writing()

    def _end_soon(self) -> None:
        """A closed transport keeps what is unsent, less than a pause takes, and waits for its reader for ever."""
        if self.transport.is_closing():
            self._hang_up_if_unread()

    def _hang_up_if_unread(self) -> None:
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def handle_events(self) -> None:
        """What came has been read as far as it goes; a beginning may be left."""
        super().handle_events()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._start_head_timer(self.transport)
        else:
            self._stop_head_timer()

    def _start_head_timer(self, transport: Transport) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, transport.close)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
