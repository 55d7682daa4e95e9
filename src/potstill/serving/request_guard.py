"""What stands before every route: who asks, size and pace of the body, headers of every answer, a line in the log."""

import asyncio
import re
import time
from collections.abc import Callable, Collection
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from potstill.serving.access import PROBE_PATHS, AccessRules
from potstill.serving.access_log import AccessLog
from potstill.serving.account import Account, current_account
from potstill.serving.errors import RequestError, error_response, queue_full
from potstill.serving.state import ServerState

Observe = Callable[[str, int, float], None]
"""Told of every answer: the route, the code, the seconds."""
_IDENTITY = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class RequestGuard:
    """An ASGI middleware. It reads the body, so that what reaches a route is whole and small enough.

    A POST to one of the `queued` paths is refused before its body is parsed while the queue is full: under a flood, to
    refuse is most of the work. Under a `root_path` the routes are there with it, as from a proxy that passes it on, and
    without it, as from one that strips it.
    """

    def __init__(
        self, app: ASGIApp, state: ServerState, rules: AccessRules, *, observe: Observe, queued: Collection[str],
        root_path: str = "", log: AccessLog | None = None,
    ) -> None:  # fmt: skip
        self.state = state
        self._app, self._limits, self._observe = app, state.limits, observe
        self._rules, self._root, self._log = rules, root_path, log
        self._queued = frozenset(queued)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer why not."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        self.state.in_flight += 1
        path = self._path_below_root(scope["path"])
        inner = {**scope, "path": self._root + path, "root_path": self._root, "state": scope.setdefault("state", {})}
        headers = Headers(scope=scope)
        if headers.get("x-forwarded-proto", "").lower() == "https":
            inner["scheme"] = "https"  # it only tells the client its own address again
        account = Account()
        current_account.set(account)
        started, recorder = time.perf_counter(), _ResponseRecorder(send, self.state, _identity(headers))
        try:
            await self._answer(inner, path, receive, recorder)
        except asyncio.CancelledError:
            if not self.state.draining or recorder.status:
                raise
            await _refuse(RequestError(503, "the server ends"), path, inner, receive, recorder)
        finally:
            self.state.in_flight -= 1
            self.state.admitted -= "admitted" in inner["state"]
            self._note(inner, path, recorder, time.perf_counter() - started, account)

    async def _answer(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        if path == "" and scope["method"] in (
            "GET",
            "HEAD",
        ):  # the root itself, under which the page's links would fail
            await _redirect(f"{self._root}/", send)
            return
        try:
            body = await self._checked_body(scope, path, receive)
        except RequestError as error:
            await _refuse(error, path, scope, receive, send, close=True)
            return
        if self._is_queued(scope, path) and self.state.is_full():
            await _refuse(queue_full(self.state.retry_after()), path, scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)

    async def _checked_body(self, scope: Scope, path: str, receive: Receive) -> bytes:
        if not self._rules.check(scope, path):
            return b""  # whoever has no key cannot make the server wait for a body
        if self.state.admitted >= self._limits.connections:
            raise RequestError(503, "too many connections", retry_after=1)
        self.state.admitted += 1
        scope["state"]["admitted"] = True
        headers = Headers(scope=scope)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise RequestError(415, "send the body as it is, without Content-Encoding")
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > self._limits.body_bytes:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await self._read(receive)
        except TimeoutError:
            raise RequestError(408, f"the body was not here after {self._limits.body_seconds:g} s") from None

    async def _read(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b""
            body += message.get("body", b"")
            if len(body) > self._limits.body_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> RequestError:
        return RequestError(413, f"the body has more than {self._limits.body_bytes:,} bytes")

    def _path_below_root(self, path: str) -> str:
        root = self._root
        return path[len(root) :] if root and (path == root or path.startswith(f"{root}/")) else path

    def _is_queued(self, scope: Scope, path: str) -> bool:
        return path in self._queued and scope["method"] == "POST"

    def _note(self, scope: Scope, path: str, recorder: "_ResponseRecorder", seconds: float, account: Account) -> None:
        # The route's path, never one that a client made up: each would be a new line of the metrics.
        route = path if self._is_queued(scope, path) else getattr(scope.get("route"), "path", "other")
        self._observe(route, recorder.status, seconds)
        if self._log is not None and path not in PROBE_PATHS:
            self._log.write(recorder.identity, scope["method"], route, recorder.status, seconds, account)


def _identity(headers: Headers) -> str:
    """What a request is called: as its proxy calls it, where that is a plain name."""
    given = headers.get("x-request-id", "")
    return given if _IDENTITY.fullmatch(given) else uuid4().hex


async def _refuse(
    error: RequestError, path: str, scope: Scope, receive: Receive, send: Send, *, close: bool = False
) -> None:
    answer = error_response(path, error.status_code, error.detail, error.headers)
    if close:
        answer.headers["Connection"] = "close"
    await answer(scope, receive, send)


async def _redirect(path: str, send: Send) -> None:
    headers = [(b"location", path.encode("ascii")), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body in one piece, then whatever comes: the client's leaving."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


class _ResponseRecorder:
    """A `send` that adds the headers of every answer and remembers its code."""

    def __init__(self, send: Send, state: ServerState, identity: str) -> None:
        self._send, self._state = send, state
        self.identity, self.status = identity, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self.identity
            if self._state.draining:
                headers["Connection"] = "close"
        await self._send(message)
