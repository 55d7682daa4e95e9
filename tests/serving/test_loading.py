"""A bundle that is replaced while clients ask."""

import http.client
import json
import shutil
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bundles import TinyBundle, edit_info
from hostile_bundles import ENGINE, copy_of, with_endless_engine
from sent_texts import TOXIC
from server import Server, running_server

CLIENTS = 8


def point_at(link: Path, bundle: Path) -> None:
    """Let the link name another folder, in one step."""
    fresh = link.with_suffix(".fresh")
    fresh.symlink_to(bundle)
    fresh.replace(link)


def ask_all_the_time(port: int, ended: threading.Event) -> Counter[tuple[int, str]]:
    """The codes and digests of one answer after another; 0 where there was none."""
    seen: Counter[tuple[int, str]] = Counter()
    body = json.dumps({"texts": [TOXIC]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while not ended.is_set():
        try:
            connection.request("POST", "/score", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            seen[answer.status, json.loads(answer.read()).get("digest", "")] += 1
        except (OSError, http.client.HTTPException):
            seen[0, ""] += 1
            connection.close()
    connection.close()
    return seen


def digest_of(server: Server) -> str:
    return server.send("GET", "/models").json["models"][0]["digest"]


def reloads(server: Server, result: str) -> float:
    lines = server.send("GET", "/metrics").body.decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f'potstill_reloads{{result="{result}"}}')))


def reload(server: Server, result: str) -> None:
    """Ask for the bundles to be opened anew, and wait until that is done or has failed."""
    before = reloads(server, result)
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while reloads(server, result) == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_bundle_is_replaced_without_a_lost_request(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    first, second = copy_of(tiny_bundle, tmp_path / "first"), copy_of(tiny_bundle, tmp_path / "second")
    edit_info(second, description="a later model")
    current = tmp_path / "current"
    point_at(current, first)
    with running_server(current) as server, ThreadPoolExecutor(CLIENTS) as pool:
        ended = threading.Event()
        asking = [pool.submit(ask_all_the_time, server.port, ended) for _ in range(CLIENTS)]
        try:
            former = digest_of(server)
            for bundle in (second, first, second):
                point_at(current, bundle)
                reload(server, "done")
            later = digest_of(server)
            time.sleep(0.3)
        finally:
            ended.set()
        seen = sum((future.result() for future in asking), Counter[tuple[int, str]]())
    assert former != later
    assert {status for status, _ in seen} <= {200, 429}
    assert min(seen[200, former], seen[200, later]) > CLIENTS


def test_what_does_not_open_replaces_nothing(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    good, current = copy_of(tiny_bundle, tmp_path / "good"), tmp_path / "current"
    damaged = Path(shutil.copytree(good, tmp_path / "damaged"))
    (damaged / "tokenizer.json").write_text("{}")
    endless = with_endless_engine(tiny_bundle, tmp_path / "endless")
    point_at(current, good)
    with running_server(current, "--engine", ENGINE, "--open-seconds", "10") as server:
        former = digest_of(server)
        for bundle in (damaged, endless):
            point_at(current, bundle)
            reload(server, "failed")
            assert digest_of(server) == former
            assert server.post("/score", {"texts": [TOXIC]}).status == 200
            assert server.send("GET", "/readyz").status == 200
        point_at(current, good)
        reload(server, "done")
        server.process.terminate()
        assert server.process.stderr
        said = server.process.stderr.read().decode()
    assert "was changed after the bundle was made" in said
    assert "was not open after 10 s" in said
    assert said.count("goes on answering") == 2
    assert "Traceback" not in said


def test_bundles_of_one_name_get_two(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder, str(tiny_bundle.folder)) as server:
        assert [model["id"] for model in server.send("GET", "/models").json["models"]] == ["tiny", "tiny-2"]
