"""Raw connections, whose clients do as they like."""

import contextlib
import json
import socket
import time

import pytest
from bundles import TinyBundle
from sent_texts import TOXIC
from server import Server, running_server

HEAD = b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /", b"x"),
        (b"GET / HTTP/1.1\r\n", b"name: value\r\n"),
        (b"GET / HTTP/1.1\r\nname: ", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"name: value\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nname: ", b"x"),
    ],
    ids=["line", "headers", "header", "extension", "trailers", "trailer"],
)
def test_nothing_but_a_body_may_be_large(server: Server, begin: bytes, piece: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(begin)
        many = piece * (10_000 // len(piece))
        with pytest.raises(OSError, match=r"reset|pipe"):  # noqa: PT012 - it hangs up somewhere on the way
            for _ in range(1_000):
                raw.sendall(many)
    assert server.send("GET", "/livez").status == 200


def test_a_head_that_does_not_end_is_not_waited_for(server: Server) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(b"GET /livez HTTP/1.1\r\n")
        assert raw.recv(100) == b""
    assert time.monotonic() - began > 5


def test_an_answer_that_nobody_reads_is_not_kept_for_ever(tiny_bundle: TinyBundle) -> None:
    start = "import sys, potstill.serving.connection as c; c.UNREAD_SECONDS = 1; from potstill.cli.main import main; "
    with running_server(tiny_bundle.folder, start=f"{start}sys.exit(main())") as server:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with deaf:
            deaf.connect(("127.0.0.1", server.port))
            deaf.settimeout(20)
            with pytest.raises(OSError, match=r"reset|pipe"):  # noqa: PT012 - it hangs up somewhere on the way
                for _ in range(100):
                    deaf.sendall(b"GET /static/page.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
                    time.sleep(0.1)
        assert server.send("GET", "/livez").status == 200


def test_requests_sent_together_are_answered_in_turn(server: Server) -> None:
    body = json.dumps({"texts": [TOXIC]}).encode()
    score = HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" + score)
        got = b""
        while b"results" not in got:
            piece = raw.recv(10_000)
            assert piece, got
            got += piece
    assert got.count(b"HTTP/1.1 200") == 2
    assert b"\r\n\r\nok" in got.partition(b"results")[0]


def test_a_head_that_comes_in_one_piece_is_bounded_too(server: Server) -> None:
    for size, answered in ((60_000, b"200"), (70_000, b"431"), (120_000, b"431"), (240_000, b"431")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
            raw.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nx: " + b"x" * size + b"\r\n\r\n")
            assert raw.recv(100).split(b" ")[1] == answered, size


def test_a_large_head_behind_a_request_is_refused_and_the_request_answered(server: Server) -> None:
    first = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(first + b"GET /livez HTTP/1.1\r\nHost: localhost\r\nx: " + b"x" * 120_000 + b"\r\n\r\n")
        answers = read_to_the_end(raw)
    assert answers.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 431" in answers


def test_a_body_in_too_many_chunks_is_refused(server: Server) -> None:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    text = json.dumps({"texts": [TOXIC]}).encode()
    for count, answered in ((len(text), b"200"), (100_000, b"400")):
        content = text.ljust(count)
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
            raw.sendall(head + b"".join(b"1\r\n%c\r\n" % byte for byte in content) + b"0\r\n\r\n")
            assert raw.recv(100).split(b" ")[1] == answered


@pytest.mark.parametrize("path", ["/score", "/nowhere"])
def test_a_refusal_reaches_a_client_that_is_still_sending(server: Server, path: str) -> None:
    head = b"POST %s HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 900000\r\n\r\n" % path.encode()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
            raw.sendall(head)
            time.sleep(0.02)  # it has been refused by now
            raw.sendall(b"x" * 900_000)
            assert read_to_the_end(raw).startswith(b"HTTP/1.1 400")


def test_of_too_many_connections_those_that_say_nothing_are_closed(tiny_bundle: TinyBundle) -> None:
    few = "import sys, potstill.serving.server as s; s.OpenConnections = lambda _, make=s.OpenConnections: make(50); "
    with (
        running_server(
            tiny_bundle.folder, start=f"{few}from potstill.cli.main import main; sys.exit(main())"
        ) as server,
        contextlib.ExitStack() as open_ones,
    ):
        silent = [
            open_ones.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            for _ in range(120)
        ]
        for _ in range(10):
            assert server.post("/score", {"texts": [TOXIC]}).status == 200
        assert silent[0].recv(1) == b"", "it is closed"
        silent[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert silent[-1].recv(20).split()[1] == b"200"


def read_to_the_end(raw: socket.socket) -> bytes:
    got = b""
    while piece := raw.recv(100_000):
        got += piece
    return got
