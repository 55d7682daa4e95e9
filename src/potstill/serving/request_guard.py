"""What stands before every route: host, key, size and pace of the body, headers of every answer."""

import asyncio
import hmac
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from potstill.serving.errors import RequestError, error_response, queue_full
from potstill.serving.state import ServerState

PROBE_PATHS = ("/livez", "/readyz")
KEYLESS_PATHS = (*PROBE_PATHS, "/", "/model", "/api")
"""Paths that need no key, beside /static: a probe has none, and the pages ask the user for it."""
DRAINED_BYTES, DRAINED_SECONDS = 16_000_000, 2
"""Of a body that is too large, so much is read and thrown away."""
Observe = Callable[[str, int, float], None]
"""Told of every answer: the route, the code, the seconds."""
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
    refuse is most of the work.
    """

    def __init__(
        self, app: ASGIApp, state: ServerState, *, hosts: Iterable[str], key: str | None, observe: Observe,
        queued: Collection[str],
    ) -> None:  # fmt: skip
        self.state = state
        self._app, self._limits, self._observe = app, state.limits, observe
        self._queued = frozenset(queued)
        self._hosts = frozenset(host.lower() for host in hosts)
        self._key = None if key is None else key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer why not."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        self.state.in_flight += 1
        path: str = scope["path"]
        queued = path in self._queued and scope["method"] == "POST"
        started, recorder = time.perf_counter(), _ResponseRecorder(send)
        try:
            body = await self._checked_body(scope, receive)
        except RequestError as error:
            answer = error_response(path, error.status_code, error.detail, error.headers)
            answer.headers["Connection"] = "close"
            if error.status_code == 413:
                await _drain(receive)
            await answer(scope, receive, recorder)
        else:
            if queued and self.state.is_full():
                error = queue_full(self.state.retry_after())
                answer = error_response(path, error.status_code, error.detail, error.headers)
                await answer(scope, receive, recorder)
            else:
                await self._app(scope, _replay(body, receive), recorder)
        finally:
            self.state.in_flight -= 1
            # The route's path, never one that a client made up: each would be a new line of the metrics.
            known = path if queued else getattr(scope.get("route"), "path", "other")
            self._observe(known, recorder.status, time.perf_counter() - started)

    async def _checked_body(self, scope: Scope, receive: Receive) -> bytes:
        headers = Headers(scope=scope)
        if self.state.in_flight > self._limits.connections:
            raise RequestError(503, "too many connections", retry_after=1)
        host = _without_port(headers.get("host", ""))
        # A probe asks by an address that nobody knows beforehand, and its answer is one word.
        if "*" not in self._hosts and host not in self._hosts and scope["path"] not in PROBE_PATHS:
            raise RequestError(400, "this server does not answer by that host name; --allow-host adds it")
        self._check_key(scope, headers)
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

    def _check_key(self, scope: Scope, headers: Headers) -> None:
        path = scope["path"]
        if self._key is None or path in KEYLESS_PATHS or path.startswith("/static/"):
            return
        bearer = headers.get("authorization", "")
        given = [
            bearer[7:] if bearer[:7].lower() == "bearer " else "",
            headers.get("x-goog-api-key", ""),
            *parse_qs(scope["query_string"].decode("latin-1")).get("key", []),
        ]
        # All are compared, in constant time each: how long it takes says nothing about the key.
        if not sum(hmac.compare_digest(text.encode("utf-8", "surrogateescape"), self._key) for text in given):
            raise RequestError(401, "a key is needed: as a bearer token, as x-goog-api-key or as ?key=")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


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


async def _drain(receive: Receive) -> None:
    """Throw away some of a body that is too large: most clients send all of it before they read why it was refused."""
    thrown = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAINED_SECONDS):
            while thrown < DRAINED_BYTES:
                message = await receive()
                thrown += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return


class _ResponseRecorder:
    """A `send` that adds the headers of every answer and remembers its code."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
