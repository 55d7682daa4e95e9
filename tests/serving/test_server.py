"""The real server on a real bundle of a tiny model, asked as its clients ask."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bundles import TinyBundle
from server import Server, running_server
from tiny import comments

from potstill.cli.main import main

SECRET = "zxqv-secret-word"
TEXTS, LABELS = comments(6)
TOXIC = TEXTS[0]
PATHS = ["/score", "/predict", "/v1/moderations", "/v1alpha1/comments:analyze"]


@pytest.fixture(scope="module")
def server(tiny_bundle: TinyBundle) -> Generator[Server]:
    with running_server(tiny_bundle.folder) as one:
        yield one


def analyze(text: str, **more: object) -> dict[str, object]:
    return {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, **more}


# --- protocols


def test_own(server: Server) -> None:
    found = server.post("/score", {"texts": TEXTS}).json
    assert [one["flagged"] for one in found["results"]] == [label == 1 for label in LABELS]
    assert found["results"][0].keys() == {"label", "score", "flagged", "truncated"}
    assert server.post("/score", {"texts": []}).json["results"] == []


def test_a_taken_port_is_said_before_anything_is_promised(
    server: Server, tiny_bundle: TinyBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(tiny_bundle.folder), "--port", str(server.port)]) == 1
    said = capsys.readouterr().err
    assert "already in use" in said
    assert "--port" in said
    assert "http://" not in said


def test_a_model_is_asked_for_by_its_name(server: Server) -> None:
    (model,) = server.send("GET", "/models").json["models"]
    assert (model["id"], model["labels"], model["positive"]) == ("tiny", ["fine", "toxic"], "toxic")
    assert model["engine"] in model["engines"]
    assert [point["threshold"] for point in model["curve"]] == pytest.approx([n / 100 for n in range(1, 100)])
    assert server.post("/score", {"texts": [TOXIC], "model": "tiny"}).json["model"] == "tiny"
    for path, body in (("/score", {"texts": [TOXIC]}), ("/explain", {"text": TOXIC})):
        refused = server.post(path, {**body, "model": SECRET})
        assert refused.status == 422
        assert SECRET not in refused.body.decode()


def test_two_bundles_answer_by_their_names(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder, str(tiny_bundle.folder)) as two:
        assert [model["id"] for model in two.send("GET", "/models").json["models"]] == ["tiny", "tiny-2"]
        first, second = (two.post("/score", {"texts": TEXTS, "model": name}).json for name in ("tiny", "tiny-2"))
        assert (first["model"], second["model"]) == ("tiny", "tiny-2")
        assert first["results"] == second["results"]
        assert two.post("/score", {"texts": [TOXIC]}).json["model"] == "tiny"


def test_explain_weighs_each_word_where_it_stands(server: Server) -> None:
    text = f"👍🏽  {TOXIC}!"
    found = server.post("/explain", {"text": text}).json
    assert (found["label"], found["begin"], found["end"]) == ("toxic", 0, len(text))
    words = {text[word["begin"] : word["end"]]: word["weight"] for word in found["words"]}
    assert list(words) == ["👍🏽", *TOXIC.split()]
    assert max(words, key=lambda word: words[word]) == "fool"
    assert server.post("/explain", {"text": ""}).json["words"] == []


def test_explain_takes_the_strongest_part_of_a_long_text(server: Server) -> None:
    text = "thanks the patch is good " * 30 + "you fool " * 20 + "thanks the patch is good " * 30
    found = server.post("/explain", {"text": text}).json
    assert len(found["words"]) == 64
    assert "fool" in text[found["begin"] : found["end"]]
    assert server.post("/explain", {"text": "word " * 20_000}).status == 413


def test_explain_takes_fewer_words_where_each_has_many_tokens(server: Server) -> None:
    text = " ".join("!?" * 30 for _ in range(30)) + f" {TOXIC}"
    assert server.post("/score", {"texts": [text]}).status == 200
    found = server.post("/explain", {"text": text}).json
    assert 0 < len(found["words"]) < 32
    assert all(found["begin"] <= word["begin"] < word["end"] <= found["end"] for word in found["words"])
    assert found["end"] == len(text)
    assert "fool" in text[found["begin"] : found["end"]]


@pytest.mark.parametrize("path", ["/", "/model", "/api", "/static/try.js", "/static/page.css", "/static/icon.svg"])
def test_pages_come_with_a_policy_that_lets_nothing_else_in(server: Server, path: str) -> None:
    page = server.send("GET", path)
    assert page.status == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]
    assert b"//" not in page.body.replace(b"http://127.0.0.1:8000", b"").replace(
        b"http://www.w3.org/2000/svg", b""
    ) or (path.endswith(".js"))


@pytest.mark.parametrize("path", ["/static/", "/static/../app.py", "/static/..%2fapp.py", "/static//etc/passwd"])
def test_no_other_file_is_served(server: Server, path: str) -> None:
    assert server.send("GET", path).status == 404


def test_text_embeddings_inference(server: Server) -> None:
    one = server.post("/predict", {"inputs": TOXIC}).json
    assert [item["label"] for item in one] == ["toxic", "fine"]
    assert sum(item["score"] for item in one) == pytest.approx(1)
    assert server.post("/predict", {"inputs": [TOXIC]}).json == one
    many = server.post("/predict", {"inputs": [[TOXIC], [TEXTS[1]]], "truncate": True}).json
    assert [items[0]["label"] for items in many] == ["toxic", "fine"]
    assert server.post("/predict", {"inputs": []}).status == 422
    assert server.post("/predict", {"inputs": TOXIC, "raw_scores": True}).status == 422
    assert server.post("/predict", {"inputs": TOXIC, "raw_scores": False}).json == one
    for pair in (["a", "b"], [["a", "b"]]):
        refused = server.post("/predict", {"inputs": pair})
        assert refused.status == 422
        assert "sentence pair" in refused.json["error"]
        assert refused.json["error_type"] == "validation"


def test_openai(server: Server) -> None:
    for given in (TOXIC, [TOXIC], [{"type": "text", "text": TOXIC}]):
        found = server.post("/v1/moderations", {"input": given, "model": "omni-moderation-latest"}).json
        assert found["results"][0]["flagged"] is True
        assert list(found["results"][0]["categories"]) == ["toxic"]
        assert found["results"][0]["category_scores"]["toxic"] > 0.5
    parts = [{"type": "text", "text": TEXTS[1]}, {"type": "text", "text": TOXIC}]
    assert len(server.post("/v1/moderations", {"input": parts}).json["results"]) == 1
    image = server.post("/v1/moderations", {"input": [{"type": "image_url", "image_url": {"url": "x"}}]})
    assert image.status == 400
    assert "images" in image.json["error"]["message"]


def test_perspective(server: Server) -> None:
    found = server.post(
        "/v1alpha1/comments:analyze?key=whatever", analyze(TOXIC, clientToken="t", languages=["en"])
    ).json
    score = found["attributeScores"]["TOXICITY"]
    assert score["summaryScore"]["type"] == "PROBABILITY"
    assert score["summaryScore"]["value"] > 0.5
    assert score["spanScores"][0]["begin"] == 0
    assert score["spanScores"][0]["end"] == len(TOXIC)
    assert (found["clientToken"], found["languages"]) == ("t", ["en"])
    high = server.post(
        "/v1alpha1/comments:analyze",
        {"comment": {"text": TEXTS[1]}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": 0.99}}},
    )
    assert high.json["attributeScores"] == {}
    served = server.send("GET", "/$discovery/rest?version=v1alpha1").json
    assert served["resources"]["comments"]["methods"]["analyze"]["path"] == "v1alpha1/comments:analyze"


@pytest.mark.parametrize("text", ["👍🏽 Good.  You fool!\nThanks", "a.  b", "no end"])
def test_spans_are_code_points_of_the_text_as_sent(server: Server, text: str) -> None:
    found = server.post("/v1alpha1/comments:analyze", analyze(text, spanAnnotations=True)).json
    spans = found["attributeScores"]["TOXICITY"]["spanScores"]
    cut = [text[span["begin"] : span["end"]] for span in spans]
    assert cut == {"👍": ["👍🏽 Good.", "You fool!", "Thanks"], "a": ["a.", "b"], "n": ["no end"]}[text[0]]


@pytest.mark.parametrize(
    "body",
    [
        {"comment": {"text": "a"}},
        {"comment": {"text": "a"}, "requestedAttributes": {}},
        {"comment": {"text": "  "}, "requestedAttributes": {"TOXICITY": {}}},
        {"comment": {"text": "a" * 20_481}, "requestedAttributes": {"TOXICITY": {}}},
        {"comment": {"text": "a"}, "requestedAttributes": {SECRET: {}}},
    ],
)
def test_perspective_refuses_as_it_did(server: Server, body: dict[str, object]) -> None:
    refused = server.post("/v1alpha1/comments:analyze", body)
    assert refused.status == 400
    assert refused.json["error"]["status"] == "INVALID_ARGUMENT"
    assert SECRET not in refused.body.decode()


# --- what is sent may be anything


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


@pytest.mark.parametrize("path", PATHS)
def test_headers_that_are_refused(server: Server, path: str) -> None:
    assert server.send("POST", path, b"{}", content_type="text/plain").status == 415
    assert server.send("POST", path, b"{}", content_type="application/json", content_encoding="gzip").status == 415
    assert server.send("POST", path, b"{}", content_type="application/json", host="evil.example").status == 400
    assert server.send("POST", path, b"x" * 1_100_000, content_type="application/json").status == 413
    wrong = server.send("GET", path)
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert "error" in wrong.json


def test_half_a_surrogate_pair_and_every_odd_text_is_judged(server: Server) -> None:
    body = b'{"texts": ["\\ud83d", "", "\\u0000", "' + "\u202e👩‍👩‍👧".encode() + b'"]}'
    answer = server.send("POST", "/score", body, content_type="application/json")
    assert answer.status == 200
    assert len(answer.json["results"]) == 4


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


def test_every_answer_carries_the_headers_that_keep_a_page_safe(server: Server) -> None:
    for answer in (server.send("GET", "/livez"), server.send("GET", "/nowhere"), server.post("/score", {"texts": []})):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


# --- health


def test_a_probe_may_come_by_any_address(server: Server) -> None:
    for path in ("/livez", "/readyz"):
        assert server.send("GET", path, host="10.0.0.7:8000").body == b"ok"
    assert server.send("GET", "/models", host="10.0.0.7:8000").status == 400


def test_health_and_metrics(server: Server) -> None:
    server.post("/score", {"texts": [SECRET]})
    server.send("GET", f"/{SECRET}?{SECRET}")
    shown = server.send("GET", "/metrics").body.decode()
    assert 'potstill_requests_total{code="200",route="/score"}' in shown
    assert SECRET not in shown
    assert server.send("GET", "/readyz").body == b"ok"
    described = server.send("GET", "/openapi.json").json
    assert set(PATHS) <= set(described["paths"])
    assert set(described["paths"]["/v1/moderations"]["post"]["responses"]) == {
        "200", "400", "401", "408", "413", "415", "429", "503", "504",
    }  # fmt: skip


def test_nothing_that_was_sent_is_logged(tiny_bundle: TinyBundle, capfd: pytest.CaptureFixture[str]) -> None:
    with running_server(tiny_bundle.folder) as one:
        one.post(f"/score?key={SECRET}", {"texts": [SECRET]})
        one.send("POST", f"/{SECRET}", SECRET.encode(), content_type="application/json")
        one.process.terminate()
        assert one.process.stderr
        said = one.process.stderr.read().decode()
    assert SECRET not in said + "".join(capfd.readouterr())


# --- keys, and who may ask


def test_a_key_is_asked_for_in_every_protocol_s_way(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder, "--map", "toxic=harassment", POTSTILL_KEY="open sesame") as locked:
        assert locked.post("/score", {"texts": ["a"]}).status == 401
        assert locked.post("/score", {"texts": ["a"]}, authorization="Bearer wrong").status == 401
        assert locked.post("/score?key=open%20sesame", {"texts": ["a"]}).status == 200
        assert locked.post("/score", {"texts": ["a"]}, x_goog_api_key="open sesame").status == 200
        found = locked.post("/v1/moderations", {"input": TOXIC}, authorization="Bearer open sesame")
        assert found.json["results"][0]["categories"] == {"harassment": True}
        assert locked.send("GET", "/readyz").status == 200


def test_other_machines_may_not_ask_without_a_key(tiny_bundle: TinyBundle, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tiny_bundle.folder), "--host", "0.0.0.0"]) == 1
    assert "set POTSTILL_KEY" in capsys.readouterr().err
    assert main(["serve", str(tiny_bundle.folder), "--map", "rude=x"]) == 1
    assert "the labels are fine, toxic" in capsys.readouterr().err


# --- the end


def test_a_bundle_that_does_not_open_ends_the_server(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_bundle.folder, tmp_path / "bundle"))
    (copy / "tokenizer.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "potstill", "serve", str(copy), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "tokenizer.json was changed after the bundle was made" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_accepted_is_answered_before_the_server_goes(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder) as going, ThreadPoolExecutor(8) as pool:
        begun = threading.Barrier(9)

        def ask() -> int:
            begun.wait()
            answer = going.post("/score", {"texts": TEXTS * 5})
            return len(answer.json["results"]) if answer.status == 200 else -answer.status

        asked = [pool.submit(ask) for _ in range(8)]
        begun.wait()
        time.sleep(0.3)
        going.process.send_signal(signal.SIGTERM)
        answers = [one.result() for one in asked]
        assert going.process.wait(12) == 0
    assert set(answers) <= {30, -429}, "answered, or refused because a slow machine's queue was full"
    assert 30 in answers
