import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bundles import TinyBundle
from sent_texts import SECRET, TEXTS
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
