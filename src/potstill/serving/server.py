"""The server as a process: uvicorn, on one port, until it is told to stop."""

import signal
from types import FrameType

import uvicorn

from potstill.serving.connection import Connection
from potstill.serving.request_guard import RequestGuard
from potstill.serving.state import ServerState


def run_server(app: RequestGuard, *, host: str, port: int) -> int:
    """Answer until SIGTERM or Ctrl-C, then finish what was accepted; the exit code.

    Raises:
        ModelError: the bundle did not open.
    """
    grace = int(app.state.limits.shutdown_seconds)
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, server_header=False, date_header=False, log_level="warning",
        proxy_headers=False, timeout_keep_alive=30, timeout_graceful_shutdown=grace, ws="none", http=Connection,
        h11_max_incomplete_event_size=65_536,
    )  # fmt: skip
    server = _Server(config)
    server.state = app.state
    app.state.stop = server.end
    # uvicorn sends itself the signal again when it is done, so that the process would end by it.
    signal.signal(signal.SIGTERM, _nothing)
    server.run()
    if app.state.failure:
        raise app.state.failure
    return 0 if server.started else 1


def _nothing(_: int, __: FrameType | None) -> None:
    pass


class _Server(uvicorn.Server):
    """uvicorn, but `/readyz` says at once that the server is draining."""

    state: ServerState

    def end(self) -> None:
        """End without a signal."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On a signal to end."""
        self.state.draining = True
        super().handle_exit(sig, frame)
