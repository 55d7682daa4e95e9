"""Without a network nothing is missed, and with one nothing is asked of it where all that is needed lies here."""

import csv
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


def can_cut_off() -> bool:
    return (
        shutil.which("unshare") is not None and not subprocess.run([*CUT_OFF, "true"], capture_output=True).returncode
    )


needs_namespaces = pytest.mark.skipif(not can_cut_off(), reason="this system gives no network namespace")


def cut_off(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CUT_OFF, sys.executable, *command], capture_output=True, text=True, check=False)


@needs_namespaces
def test_the_namespace_reaches_not_even_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        assert subprocess.run([sys.executable, "-c", code]).returncode == 0
        assert cut_off("-c", code).returncode != 0


@needs_namespaces
def test_export_predict_and_score_need_no_network(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    model, bundle = tmp_path / "model", tmp_path / "bundle"
    save_classifier(tiny_bundle.classifier, model, max_length=24, card="")
    write_decision(model, SavedDecision(task=TASK, calibration=Calibration(), max_length=24))
    texts, labels = comments(6)
    (tmp_path / "in.csv").write_text("\n".join(["text", *texts]) + "\n")
    potstill = ["-m", "potstill"]

    exported = cut_off(*potstill, "export", str(model), "-o", str(bundle), "--engines", "onnx-fp32", "openvino-bf16")
    assert exported.returncode == 0, exported.stderr
    said = cut_off(*potstill, "predict", str(bundle), texts[0])
    assert (said.returncode, said.stdout.split()[0]) == (0, "toxic"), said.stderr
    asked = cut_off(*potstill, "predict", str(model), texts[0])
    assert (asked.returncode, asked.stdout.split()[0]) == (0, "toxic"), asked.stderr
    out = tmp_path / "out.csv"
    scored = cut_off(*potstill, "score", str(tmp_path / "in.csv"), "-o", str(out), "--bundle", str(bundle))
    assert scored.returncode == 0, scored.stderr
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
    """What a program reached out for, and what Python warned of. The Hub's clients are not told to stay offline."""
    command = [sys.executable, "-c", WATCHED + code, *arguments]
    open_doors = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HOME": str(folder / "hub")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=open_doors)
    assert done.returncode == 0, done.stderr
    return "\n".join(line for line in done.stderr.splitlines() if "REACHES OUT" in line or "Warning" in line)


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
    run = "from potstill.cli.main import main; sys.exit(main(sys.argv[1:]))"
    for command in (
        ["plan", "local.toml"],
        ["run", "local.toml"],
        ["report", "runs/local"],
        ["pack", "runs/local", "-o", "packed"],
        ["export", "runs/local", "--engines", "onnx-fp32", "openvino-bf16"],
        ["predict", "runs/local", texts[0]],
        ["predict", "runs/local/bundle", texts[0]],
        ["score", "rows.csv", "-o", "scored.csv", "--bundle", "runs/local/bundle", "--prefix", "p_"],
    ):
        assert watched(tmp_path, run, *command) == "", command


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
"""
