"""Bundles that hang and grow, each served by a real process that is told to go."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from bundles import TinyBundle
from hostile_bundles import ENGINE, with_endless_engine, with_growing_tokenizer, with_probes
from server import Server, free_port, running_server

from potstill.inference.reading import Reader

PROMISED = 8
SLACK = 2
"""Seconds for a machine with other work."""


def start(bundle: Path, *options: str) -> Server:
    port = free_port()
    command = [sys.executable, "-m", "potstill", "serve", str(bundle), "--engine", ENGINE, "--port", str(port)]
    return Server(port, subprocess.Popen([*command, *options], stderr=subprocess.PIPE))


def wait_until_alive(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if server.send("GET", "/livez").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("it does not answer")


def end_of(server: Server, number: int) -> tuple[int, float, str]:
    """The exit code after a signal, the seconds until then, and what was said."""
    began = time.monotonic()
    server.process.send_signal(number)
    _, said = server.process.communicate(timeout=60)
    return server.process.returncode, time.monotonic() - began, said.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_bundle_that_never_opens_does_not_keep_the_process(
    number: int, tiny_bundle: TinyBundle, tmp_path: Path
) -> None:
    server = start(with_endless_engine(tiny_bundle, tmp_path / "bundle"))
    wait_until_alive(server)
    time.sleep(1)
    assert server.send("GET", "/readyz").status == 503
    _, seconds, said = end_of(server, number)
    assert seconds < PROMISED + SLACK
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_engine_that_hangs_does_not_keep_the_process(number: int, tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    reader = Reader((tiny_bundle.folder / "tokenizer.json").read_bytes(), max_length=24, long="truncate")
    token = reader.read(["fool"]).rows[0][1]
    server = start(with_endless_engine(tiny_bundle, tmp_path / "bundle", token=token))
    wait_until_alive(server)
    deadline = time.monotonic() + 60
    while server.send("GET", "/readyz").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    statuses: list[int] = []
    asking = threading.Thread(target=lambda: statuses.append(server.post("/score", {"texts": ["fool"]}).status))
    asking.start()
    time.sleep(0.5)
    _, seconds, said = end_of(server, number)
    asking.join()
    assert seconds < PROMISED + SLACK
    assert statuses == [503], "whoever waited is told"
    assert "Traceback" not in said


def test_memory_and_time_for_opening_are_bounded(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    server = start(with_growing_tokenizer(tiny_bundle, tmp_path / "grows"), "--open-gb", "1")
    _, said = server.process.communicate(timeout=60)
    assert server.process.returncode == 1
    assert b"took more than 1.0 GB of memory; --open-gb allows more" in said
    server = start(with_endless_engine(tiny_bundle, tmp_path / "endless"), "--open-seconds", "3")
    _, said = server.process.communicate(timeout=60)
    assert server.process.returncode == 1
    assert b"was not open after 3 s" in said


def test_probes_are_bounded(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    server = start(with_probes(tiny_bundle, tmp_path / "bundle", 200_000))
    _, said = server.process.communicate(timeout=60)
    assert server.process.returncode == 1
    assert b"bundle.json is damaged" in said
    assert len(said) < 2_000


def test_a_signal_that_ends_the_server_from_without_is_said(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder) as server:
        (child,) = children_of(server.process.pid)
        os.kill(child, signal.SIGABRT)
        assert server.process.wait(20) == 128 + signal.SIGABRT
        assert server.process.stderr
        assert b"SIGABRT ended the server while it served" in server.process.stderr.read()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_server_does_not_outlive_the_process_that_watches_it(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder) as server:
        (child,) = children_of(server.process.pid)
        server.process.kill()
        server.process.wait(10)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split(")")[1][:3]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_watching_process_is_small(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder) as server:
        lines = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()
        private = sum(int(line.split()[1]) for line in lines if line.startswith("Private"))
        assert private < 20_000, "kB"


def children_of(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_a_process_that_holds_python_s_lock_is_ended_too(tiny_bundle: TinyBundle) -> None:
    hang = (
        "import ctypes, sys, potstill.serving.serve as s; "
        "s.open_bundle = lambda *_, **__: ctypes.PyDLL(None).sleep(600); "
        "from potstill.cli.main import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", hang, "serve", str(tiny_bundle.folder), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr
    assert b" on http://127.0.0.1:" in process.stderr.readline()
    time.sleep(1)
    code, seconds, said = end_of(Server(0, process), signal.SIGTERM)
    assert code == 1
    assert seconds < PROMISED + SLACK
    assert "was killed: an engine or a tokenizer hangs" in said
