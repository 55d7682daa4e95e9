"""The application without a socket, on a real bundle whose engine can be held up or broken."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bundles import TinyBundle
from starlette.types import Message

from potstill.domain.predictor import Logits
from potstill.inference.bundle import BundlePredictor, open_bundle
from potstill.serving.app import build_app
from potstill.serving.limits import Limits
from potstill.serving.request_guard import RequestGuard

Rows = Sequence[Sequence[int]]


class HeldEngine:
    """An engine that waits before it answers, and can be told to fail."""

    def __init__(self, bundle: BundlePredictor) -> None:
        self._run = bundle.model.of_rows
        self.go = threading.Event()
        self.go.set()
        self.broken = False
        self.fails_on = -1
        """A token; a batch with a row that has it fails."""
        self.rows = 0

    def __call__(self, rows: Rows) -> Logits:
        self.go.wait(10)
        if self.broken or any(self.fails_on in row for row in rows):
            raise RuntimeError("a secret of the library")
        self.rows += len(rows)
        return self._run(rows)


@asynccontextmanager
async def live(app: RequestGuard) -> AsyncGenerator[None]:
    """The application from its start to its end, ready in between."""
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    while not app.state.models:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        await told.put({"type": "lifespan.shutdown"})
        await life


async def ask(
    app: RequestGuard, path: str, content: object = None, *, leave: asyncio.Event | None = None, more: bool = False
) -> tuple[int, dict[str, str], str]:
    """One request, of bytes or of what becomes JSON; the client stays until it is answered, or leaves when `leave` is
    set. Of a body there may be `more` that does not come."""
    body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": more}]
    got: list[Message] = []

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await (leave or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        got.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    method = "GET" if content is None else "POST"
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers, "scheme": "http",
        "server": ("localhost", 80), "client": ("localhost", 1), "root_path": "", "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    told = {name.decode(): value.decode() for name, value in got[0]["headers"]}
    return got[0]["status"], told, b"".join(message.get("body", b"") for message in got[1:]).decode()


Scene = Callable[[RequestGuard, HeldEngine], Awaitable[None]]


def play(bundle: TinyBundle, limits: Limits, scene: Scene) -> None:
    """Let a scene happen to an application whose engine can be held up."""
    opened = open_bundle(bundle.folder, engine="onnx-fp32", threads=1)
    held = HeldEngine(opened)
    opened.model.of_rows = held
    app = build_app([lambda: opened], limits=limits)

    async def all_of_it() -> None:
        async with live(app):
            try:
                await asyncio.wait_for(asyncio.ensure_future(scene(app, held)), 20)
            finally:
                held.go.set()

    asyncio.run(all_of_it())
