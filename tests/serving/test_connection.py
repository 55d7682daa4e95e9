"""Raw connections, whose clients do as they like."""

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
