"""Without a network nothing is missed, and with one nothing is asked of it where all that is needed lies here."""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import TASK, TinyBundle
from tiny import comments, tiny_encoder

from potstill.domain.measures import Calibration
from potstill.models.classifier import save_classifier
from potstill.models.saved import SavedDecision, write_decision

CUT_OFF = ["unshare", "--map-root-user", "--net"]
RUN = """
import json, sys
from potstill.cli.main import main

for command in json.loads(sys.argv[1]):
    print(">>>", *command, file=sys.stderr, flush=True)
    if main(command) != 0:
        sys.exit(f"failed: {command}")
    sys.stdout.flush()
"""
"""Runs commands one after another in one interpreter: most of the time of a command goes into importing its packages.
Those that work without torch get an interpreter of their own, as their users have it."""


def can_cut_off() -> bool:
    return (
        shutil.which("unshare") is not None and not subprocess.run([*CUT_OFF, "true"], capture_output=True).returncode
    )


needs_namespaces = pytest.mark.skipif(not can_cut_off(), reason="this system gives no network namespace")


def cut_off(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CUT_OFF, sys.executable, *command], capture_output=True, text=True, check=False)


def printed_cut_off(*commands: list[str]) -> list[str]:
    """The lines that commands print where there is no network."""
    done = cut_off("-c", RUN, json.dumps(commands))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_namespaces
def test_the_namespace_reaches_not_even_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        assert subprocess.run([sys.executable, "-c", code]).returncode == 0
        assert cut_off("-c", code).returncode != 0


@needs_namespaces
def test_export_predict_and_score_need_no_network(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    model, bundle, out = tmp_path / "model", tmp_path / "bundle", tmp_path / "out.csv"
    save_classifier(tiny_bundle.classifier, model, max_length=24, card="")
    write_decision(model, SavedDecision(task=TASK, calibration=Calibration(), max_length=24))
    texts, labels = comments(6)
    (tmp_path / "in.csv").write_text("\n".join(["text", *texts]) + "\n")

    *_, place, said = printed_cut_off(
        ["export", str(model), "-o", str(bundle), "--engines", "onnx-fp32", "openvino-bf16"],
        ["predict", str(model), texts[0]],
    )
    assert (place, said.split()[0]) == (f"Try it: potstill serve {bundle}", "toxic")
    (said,) = printed_cut_off(
        ["predict", str(bundle), texts[0]],
        ["score", str(tmp_path / "in.csv"), "-o", str(out), "--bundle", str(bundle)],
    )
    assert said.split()[0] == "toxic"
    with out.open(newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)] == [TASK.labels[label] for label in labels]


WATCHED = """
import sys

def watch(event, given):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg") or (
        event == "socket.connect" and isinstance(given[1], tuple)
    ):
        print("REACHES OUT:", event, given[1:], file=sys.stderr)

sys.addaudithook(watch)
"""
"""Says on standard error what the interpreter asks of a network; sockets between processes of a machine are none."""


def watched(folder: Path, code: str, *arguments: str) -> str:
    """What a program reached out for, and what Python warned of, with the commands that did nothing of the kind. The
    Hub's clients are not told to stay offline."""
    command = [sys.executable, "-c", WATCHED + code, *arguments]
    open_doors = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HOME": str(folder / "hub")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=open_doors)
    assert done.returncode == 0, done.stderr
    return "\n".join(
        line for line in done.stderr.splitlines() if ">>>" in line or "REACHES" in line or "Warning" in line
    )


def test_the_watch_sees_a_connection(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2).close()"
        assert "socket.connect" in watched(tmp_path, code)


def test_no_connection_is_tried_where_all_is_local_and_nobody_is_warned(tmp_path: Path) -> None:
    texts, labels = comments(240)
    rows = "\n".join(["text,label", *(f"{text},{label}" for text, label in zip(texts, labels, strict=True))])
    (tmp_path / "rows.csv").write_text(rows + "\n")
    tiny_encoder(tmp_path / "encoder", layers=2)
    (tmp_path / "local.toml").write_text(LOCAL)
    lab = [
        ["plan", "local.toml"],
        ["run", "local.toml"],
        ["report", "runs/local"],
        ["pack", "runs/local", "-o", "packed"],
        ["export", "runs/local", "--engines", "onnx-fp32", "openvino-bf16"],
        ["predict", "runs/local", texts[0]],
    ]
    shop = [
        ["predict", "runs/local/bundle", texts[0]],
        ["score", "rows.csv", "-o", "scored.csv", "--bundle", "runs/local/bundle", "--prefix", "p_"],
    ]
    for commands in (lab, shop):
        said = watched(tmp_path, RUN, json.dumps(commands))
        assert said.splitlines() == [f">>> {' '.join(command)}" for command in commands]


LOCAL = """
name = "local"
seeds = [0]
rule = { verdict = false }
controls = "none"
[data]
train = "rows.csv"
[teacher]
encoder = "encoder"
epochs = 8
[training]
epochs = 2
batch_size = 16
learning_rate = 3e-3
max_length = 24
[arms.last]
kind = "student"
keep = "last"
[arms.lora]
kind = "lora"
[gates.waive]
weak_teacher = "a few rows of invented words"
"""
