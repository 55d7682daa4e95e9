"""Closing a connection whose client is still sending, without taking the answer from it."""

from asyncio import AbstractEventLoop, Transport
from collections.abc import Callable
from typing import Any

LINGER_SECONDS = 2


class LingeringTransport:
    """A transport whose `close` ends what is sent, then throws away for a moment what still comes.

    A socket that is closed while it holds unread data resets its connection, and a reset takes away answers that were
    sent before it: most clients send all of a body before they read why it was refused.
    """

    def __init__(self, transport: Transport, loop: AbstractEventLoop, unread_bytes: Callable[[], int]) -> None:
        """`unread_bytes` says how many bytes may still come that are worth throwing away; 0 closes at once."""
        self._transport, self._loop, self._unread_bytes = transport, loop, unread_bytes
        self._left: int | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._left is not None or self._transport.is_closing()

    def close(self) -> None:
        """Close as soon as the client has, after a moment, or after so many bytes."""
        if self.is_closing():
            return
        left = self._unread_bytes()
        if not left:
            self._transport.close()
            return
        self._left = left
        self._transport.write_eof()
        self._transport.resume_reading()
        self._loop.call_later(LINGER_SECONDS, self._transport.abort)

    def throws_away(self, data: bytes) -> bool:
        """Whether what came was only waited for, and is dropped."""
        if self._left is None:
            return False
        self._left -= len(data)
        if self._left < 0:
            self._transport.abort()
        return True
