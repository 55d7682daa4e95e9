import json
import logging
import threading
from pathlib import Path

import pytest
from bundles import TinyBundle
from sent_texts import SECRET, TOXIC
from server import running_server

from potstill.domain.errors import PotstillError
from potstill.serving.access_log import MOST_WAITING, AccessLog
from potstill.serving.account import Account


def test_a_line_says_what_was_done_and_nothing_of_what_was_sent(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    with running_server(tiny_bundle.folder, "--access-log", str(path)) as server:
        answer = server.post(f"/score?key={SECRET}", {"texts": [TOXIC, TOXIC]}, x_request_id="proxy-1")
        assert answer.headers["x-request-id"] == "proxy-1"
        made = server.post("/score", {"texts": [SECRET]}, x_request_id=f"{SECRET} {SECRET}").headers["x-request-id"]
        server.send("GET", f"/{SECRET}?{SECRET}")
        server.send(SECRET, "/score", SECRET.encode(), user_agent=SECRET)
        server.post("/score", {SECRET: SECRET})
        server.send("GET", "/livez")
    written = path.read_text()
    assert SECRET not in written
    lines = [json.loads(line) for line in written.splitlines()]
    probe = [line for line in lines if line["route"] in ("/livez", "/readyz")]
    assert probe == []
    first, second, lost, method, wrong = lines
    assert set(first) == {"time", "id", "method", "route", "status", "ms", "texts", "tokens"}
    assert (first["id"], first["method"], first["route"], first["status"]) == ("proxy-1", "POST", "/score", 200)
    assert (first["texts"], second["texts"]) == (2, 1)
    assert first["tokens"] > 4
    assert first["ms"] > 0
    assert second["id"] == made
    assert (lost["route"], lost["status"], lost["tokens"]) == ("other", 404, 0)
    assert method["method"] == "other"
    assert wrong["status"] == 422


def test_a_log_that_is_moved_away_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    log = AccessLog(path)
    log.write("a", "GET", "/", 200, 0.1, Account())
    log.close()
    log = AccessLog(path)
    path.rename(tmp_path / "access.log.1")
    log.write("b", "GET", "/", 200, 0.1, Account())
    log.close()
    assert json.loads(path.read_text())["id"] == "b"
    assert json.loads((tmp_path / "access.log.1").read_text())["id"] == "a"


def test_a_disk_that_stands_still_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    monkeypatch.setattr(logging.StreamHandler, "emit", lambda *_: go.wait(20))
    log = AccessLog(tmp_path / "access.log")
    for _ in range(MOST_WAITING + 100):
        log.write("a", "GET", "/", 200, 0.1, Account())
    assert 90 <= log.lost <= 100
    go.set()
    log.close()


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match="--access-log"):
        AccessLog(tmp_path / "nowhere" / "access.log")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_a_full_disk_is_counted(capfd: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("/dev/full")
    log.write("a", "GET", "/", 200, 0.1, Account())
    log.close()
    assert log.lost == 1
    assert capfd.readouterr().err == ""
