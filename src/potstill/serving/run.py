"""The server as a process: uvicorn, on one port, until it is told to stop."""

import ipaddress
import signal
import socket
from collections.abc import Sequence
from types import FrameType

import uvicorn

from potstill.domain.errors import PotstillError
from potstill.domain.task import Task
from potstill.serving.asking import Serving
from potstill.serving.connection import Connection
from potstill.serving.guard import Guard


def refuse_open_door(host: str, key: str | None, insecure: bool) -> None:
    """Only this machine may ask without a key. Raises PotstillError."""
    if key is None and not insecure and not _is_loopback(host):
        raise PotstillError(
            f"{host} can be reached from other machines: set POTSTILL_KEY to a key that clients send, or say --insecure"
        )


def refuse_taken_port(host: str, port: int) -> None:
    """Try the door before anybody is told of it. Raises PotstillError where it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address, family=family).close()
    except OSError as error:
        raise PotstillError(f"{host}, port {port}: {error.strerror}; name another with --port or --host") from error


def categories(named: Sequence[str], task: Task) -> dict[str, str]:
    """The category of each label, from LABEL=CATEGORY. Raises PotstillError for a label that the model lacks."""
    found: dict[str, str] = {}
    for item in named:
        label, equals, category = item.partition("=")
        if not equals or not category or label not in task.labels:
            raise PotstillError(f"--map {item}: write LABEL=CATEGORY; the labels are {', '.join(task.labels)}")
        found[label] = category
    return found


def serve(app: Guard, *, host: str, port: int) -> int:
    """Answer until SIGTERM or Ctrl-C, then finish what was accepted; the exit code.

    Raises:
        ModelError: the bundle did not open.
    """
    patience = int(app.serving.limits.shutdown_seconds)
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, server_header=False, date_header=False, log_level="warning",
        proxy_headers=False, timeout_keep_alive=30, timeout_graceful_shutdown=patience, ws="none", http=Connection,
        h11_max_incomplete_event_size=65_536,
    )  # fmt: skip
    server = _Server(config)
    server.serving = app.serving
    app.serving.stop = server.end
    # uvicorn sends itself the signal again when it is done, so that the process would end by it.
    signal.signal(signal.SIGTERM, _nothing)
    server.run()
    if app.serving.failure:
        raise app.serving.failure
    return 0 if server.started else 1


def _nothing(_: int, __: FrameType | None) -> None:
    pass


class _Server(uvicorn.Server):
    """uvicorn, but whoever asks whether it is ready hears at once that it is going."""

    serving: Serving

    def end(self) -> None:
        """End without a signal."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On a signal to end."""
        self.serving.draining = True
        super().handle_exit(sig, frame)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
