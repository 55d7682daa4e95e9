import asyncio
import contextlib
import json
import socket
from collections.abc import Generator

import pytest
from bundles import TinyBundle
from live_app import HeldEngine, ask, play
from sent_texts import PATHS, TOXIC
from server import Server, running_server

from potstill.serving.limits import Limits
from potstill.serving.request_guard import RequestGuard

KEY = "open sesame"


@pytest.fixture(scope="module")
def locked(tiny_bundle: TinyBundle) -> Generator[Server]:
    with running_server(tiny_bundle.folder, "--map", "toxic=harassment", POTSTILL_KEY=KEY) as running:
        yield running


@pytest.mark.parametrize("path", PATHS)
def test_headers_that_are_refused(server: Server, path: str) -> None:
    assert server.send("POST", path, b"{}", content_type="text/plain").status == 415
    assert server.send("POST", path, b"{}", content_type="application/json", content_encoding="gzip").status == 415
    assert server.send("POST", path, b"{}", content_type="application/json", host="evil.example").status == 400
    assert server.send("POST", path, b"x" * 1_100_000, content_type="application/json").status == 413
    wrong = server.send("GET", path)
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert "error" in wrong.json


def test_a_body_that_never_ends_is_cut_off(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n")
        raw.sendall(b"Content-Type: application/json\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            for _ in range(100):
                raw.sendall(piece)
        except OSError:
            pass  # it has hung up
        assert b"413" in raw.recv(100)
    assert server.send("GET", "/livez").status == 200


def test_every_answer_carries_the_headers_that_keep_a_page_safe(server: Server) -> None:
    for answer in (server.send("GET", "/livez"), server.send("GET", "/nowhere"), server.post("/score", {"texts": []})):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


def test_a_probe_may_come_by_any_address(server: Server) -> None:
    for path in ("/livez", "/readyz"):
        assert server.send("GET", path, host="10.0.0.7:8000").body == b"ok"
    assert server.send("GET", "/models", host="10.0.0.7:8000").status == 400


def test_a_key_is_asked_for_in_every_protocol_s_way(locked: Server) -> None:
    assert locked.post("/score", {"texts": ["a"]}).status == 401
    assert locked.post("/score", {"texts": ["a"]}, authorization="Bearer wrong").status == 401
    assert locked.post("/score?key=open%20sesame", {"texts": ["a"]}).status == 200
    assert locked.post("/score", {"texts": ["a"]}, x_goog_api_key=KEY).status == 200
    answer = locked.post("/v1/moderations", {"input": TOXIC}, authorization=f"Bearer {KEY}")
    assert answer.json["results"][0]["categories"] == {"harassment": True}
    assert locked.send("GET", "/readyz").status == 200


def test_a_full_queue_is_429_at_once(tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        held.go.clear()
        texts = {"texts": ["you are a fool"] * 256}
        waiting = [asyncio.create_task(ask(app, "/score", texts)) for _ in range(40)]
        done, _ = await asyncio.wait(waiting, timeout=1)
        refused = [task.result() for task in done]
        assert refused, "there was no room for some"
        assert {(status, headers["retry-after"].isdigit()) for status, headers, _ in refused} == {(429, True)}
        status, headers, body = await ask(app, "/predict", "unread")
        assert (status, json.loads(body)["error_type"]) == (429, "overloaded"), "at the door, before it is read"
        assert headers["retry-after"].isdigit()
        assert (await ask(app, "/models"))[0] == 200
        assert 'code="429",route="/predict"' in (await ask(app, "/metrics"))[2]
        held.go.set()
        assert {(await task)[0] for task in waiting} == {200, 429}
        assert (await ask(app, "/predict", "unread"))[0] == 422

    # A tenth of a millisecond's work may wait: the least that a queue has, one batch.
    play(tiny_bundle, Limits(waiting_seconds=1e-4), scene)


def test_a_body_that_does_not_come_is_408(tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        assert (await ask(app, "/predict", {"inputs": "a"}, more=True))[0] == 408

    play(tiny_bundle, Limits(body_seconds=0.1), scene)


def test_too_many_at_a_time_are_503(tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        assert (await ask(app, "/score", {"texts": ["a"]}))[0] == 503

    play(tiny_bundle, Limits(connections=0), scene)


def connected(server: Server, opened: contextlib.ExitStack) -> socket.socket:
    return opened.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))


@pytest.mark.parametrize(
    "request_line",
    ["GET /livez", "GET /readyz", "GET /", "GET /static/page.css", "POST /livez", "POST /score", "GET /nowhere"],
)
def test_clients_without_the_key_fill_no_server(locked: Server, request_line: str) -> None:
    head = f"{request_line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n".encode()
    with contextlib.ExitStack() as opened:
        sockets = [connected(locked, opened) for _ in range(520)]
        for raw in sockets:
            raw.sendall(head)
        assert locked.send("GET", "/livez").status == 200
        assert locked.send("GET", "/readyz").status == 200
        assert locked.post("/score", {"texts": ["a"]}, authorization=f"Bearer {KEY}").status == 200
        assert sockets[-1].recv(20), "even the last of them got an answer"


def test_a_probe_is_answered_beside_requests_that_fill_the_server(locked: Server) -> None:
    head = f"POST /score HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 10\r\n\r\n"
    with contextlib.ExitStack() as opened:
        sockets = [connected(locked, opened) for _ in range(520)]
        for raw in sockets:
            raw.sendall(head.encode())
        assert sockets[-1].recv(20).split()[1] == b"503"
        assert locked.send("GET", "/livez").status == 200
        assert locked.send("GET", "/readyz").status == 200
        assert locked.send("GET", "/").status == 200
