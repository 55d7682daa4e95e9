"""A real server in a process of its own, and a client that sends exactly what it is told."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A running `potstill serve`."""

    port: int
    process: subprocess.Popen[bytes]

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own; `_` in a header's name stands for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            got = connection.getresponse()
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()

    def post(self, path: str, content: object, **headers: str) -> Answer:
        """One request with JSON."""
        return self.send("POST", path, json.dumps(content).encode(), content_type="application/json", **headers)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextmanager
def running_server(bundle: Path, *options: str, start: str = "", **environment: str) -> Generator[Server]:
    """Start it, by `python -m potstill` or by the code `start`, wait until it is ready, end it."""
    port = free_port()
    program = ["-c", start] if start else ["-m", "potstill"]
    command = [sys.executable, *program, "serve", str(bundle), *options, "--port", str(port), "--threads", "1"]
    process = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE)
    server = Server(port, process)
    try:
        deadline = time.monotonic() + 60
        while not _is_ready(server):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {process.stderr and process.stderr.read()!r}")
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(15)
        assert process.stderr is not None
        process.stderr.close()


def _is_ready(server: Server) -> bool:
    try:
        return server.send("GET", "/readyz").status == 200
    except OSError:
        return False
