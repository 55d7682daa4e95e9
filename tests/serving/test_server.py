import http.client
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bundles import TinyBundle
from sent_texts import SECRET, TEXTS, TOXIC
from server import running_server


def test_nothing_that_was_sent_is_logged(tiny_bundle: TinyBundle, capfd: pytest.CaptureFixture[str]) -> None:
    with running_server(tiny_bundle.folder) as running:
        running.post(f"/score?key={SECRET}", {"texts": [SECRET]})
        running.send("POST", f"/{SECRET}", SECRET.encode(), content_type="application/json")
        running.process.terminate()
        assert running.process.stderr
        said = running.process.stderr.read().decode()
    assert SECRET not in said + "".join(capfd.readouterr())


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
        answers = [future.result() for future in asked]
        assert going.process.wait(12) == 0
    assert set(answers) <= {30, -429}, "answered, or refused because a slow machine's queue was full"
    assert 30 in answers


@dataclass
class Seen:
    """What clients saw of their requests, by the names that they gave these."""

    answered: set[str] = field(default_factory=set[str])
    refused: set[str] = field(default_factory=set[str])
    """Connections that could not be made, or ended before the first byte of an answer."""
    halved: set[str] = field(default_factory=set[str])


def ask_until_refused(port: int, client: int, keeps: bool, seen: Seen) -> None:
    """Requests one after another, on one connection or on one each."""
    body = json.dumps({"texts": [TOXIC]})
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        _ask_until_refused(connection, client, keeps, seen, body)


def _ask_until_refused(connection: http.client.HTTPConnection, client: int, keeps: bool, seen: Seen, body: str) -> None:
    for n in range(100_000):
        name = f"{client}-{n}"
        try:
            connection.request("POST", "/score", body, {"Content-Type": "application/json", "X-Request-Id": name})
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException):
            seen.refused.add(name)
            return
        try:
            assert answer.status in (200, 429), answer.status
            assert json.loads(answer.read())
            seen.answered.add(name)
        except (OSError, http.client.HTTPException, ValueError):
            seen.halved.add(name)
        if not keeps:
            connection.close()


@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "new"])
def test_nobody_gets_half_an_answer_and_whoever_was_accepted_a_whole_one(
    keeps: bool, tiny_bundle: TinyBundle, tmp_path: Path
) -> None:
    for attempt in range(3):
        log, seen = tmp_path / f"{attempt}.log", Seen()
        with running_server(tiny_bundle.folder, "--access-log", str(log)) as going, ThreadPoolExecutor(24) as pool:
            asking = [pool.submit(ask_until_refused, going.port, n, keeps, seen) for n in range(24)]
            time.sleep(0.7 + 0.1 * attempt)
            began = time.monotonic()
            going.process.send_signal(signal.SIGTERM)
            for future in asking:
                future.result()
            assert going.process.wait(12) == 0
            assert time.monotonic() - began < 8
        accepted = {json.loads(line)["id"] for line in log.read_text().splitlines()}
        assert len(seen.answered) > 24
        assert seen.halved == set()
        assert accepted == seen.answered
