"""The server as a process: uvicorn, on its sockets, until it is told to stop."""

import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType

import uvicorn

from potstill.serving.connection import Connection, OpenConnections
from potstill.serving.request_guard import RequestGuard
from potstill.serving.state import ServerState

if sys.platform != "win32":
    import resource

OTHER_FILES = 256
"""Files that a server has open beside its connections, with room to spare."""
ON_THEIR_WAY_SECONDS = 0.25
"""For requests that were sent before the server was told to stop: to be accepted, then to arrive."""
ENDING_SECONDS = 2
"""Of the seconds that an end may take, those that are not for answers."""


def run_server(app: RequestGuard, listeners: Sequence[socket.socket]) -> int:
    """Answer until SIGTERM or Ctrl-C, then finish what was accepted; the exit code.

    Raises:
        ModelError: the bundle did not open.
    """
    grace = max(1, int(app.state.limits.shutdown_seconds - ENDING_SECONDS))
    config = uvicorn.Config(
        app, access_log=False, server_header=False, date_header=False, log_level="warning", proxy_headers=False,
        timeout_keep_alive=30, timeout_graceful_shutdown=grace, ws="none", http=Connection,
    )  # fmt: skip
    server = _Server(config, app.state)
    with _quiet_signals():
        server.run(sockets=list(listeners))
    if app.state.failure:
        raise app.state.failure
    return 0 if server.started else 1


@contextmanager
def _quiet_signals() -> Generator[None]:
    """uvicorn sends itself the signals again when it is done, so that the process would end by them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, _nothing) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _nothing(_: int, __: FrameType | None) -> None:
    pass


def _room_for(connections: int) -> int:
    """So many connections, or fewer where the process may not have that many files open; it takes what it may."""
    if sys.platform == "win32":
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, soft - OTHER_FILES)


class _Server(uvicorn.Server):
    """uvicorn, but `/readyz` says at once that the server is draining, and nobody who was on the way is turned away."""

    def __init__(self, config: uvicorn.Config, state: ServerState) -> None:
        super().__init__(config)
        self.server_state = OpenConnections(_room_for(state.limits.open_connections))
        self.state = state
        state.stop = self.end

    def end(self) -> None:
        """End without a signal."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On a signal to end. A second one changes nothing: a terminal's Ctrl-C may come twice."""
        self.state.draining = True
        if not self.should_exit:
            super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn calls it."""
        await super().startup(sockets)
        if threading.current_thread() is threading.main_thread() and sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.state.reload.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn calls it. A socket that is closed resets what waits to be accepted, and a connection that is
        closed while a request arrives resets that; so both wait a moment, in which each answer ends its connection."""
        self.state.draining = True
        await asyncio.sleep(ON_THEIR_WAY_SECONDS)
        for server in self.servers:
            server.close()
        if self.server_state.connections:
            await asyncio.sleep(ON_THEIR_WAY_SECONDS)
        await super().shutdown(sockets)
