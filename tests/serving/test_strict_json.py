"""What is sent may be anything."""

import json

import pytest
from sent_texts import PATHS, SECRET
from server import Server


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", {400, 422}),
        (b"{", {400}),
        (b'{"texts": NaN, "inputs": NaN}', {400}),
        (b"\xff", {400}),
        (b"[" * 40 + b"]" * 40, {400}),
        (b"[" * 100_000, {400}),
        (json.dumps({"texts": [SECRET, 1], "inputs": 1, "input": SECRET.split(), "comment": SECRET}).encode(), None),
        (b'{"texts": {"zxqv-secret-word": 1}}', {400, 422}),
        (b'{"texts": [], "inputs": [], "input": [], "zxqv-secret-word": 1}', None),
        (b'{"input": [{"type": "zxqv-secret-word"}]}', {400, 422}),
        (b'{"requestedAttributes": {"zxqv-secret-word": 5}}', {400, 422}),
        # A string that is never closed and full of quotes: each must not be tried as the beginning of another.
        (b"[" * 33 + b'"' + b'\\"' * 400_000, {400}),
    ],
)
def test_what_is_no_request_is_refused_and_never_repeated(
    server: Server, path: str, body: bytes, status: set[int] | None
) -> None:
    answer = server.send("POST", path, body, content_type="application/json")
    assert answer.status in (status or {200, 400, 422})
    assert SECRET not in answer.body.decode()
    assert answer.status == 200 or "error" in answer.json
