"""Export, score and predict in a network namespace that has no network: nothing is fetched and nothing is missed."""

import csv
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import TASK, TinyBundle
from tiny import comments

from potstill.domain.measures import Calibration
from potstill.models.classifier import save_classifier
from potstill.models.saved import SavedDecision, write_decision

CUT_OFF = ["unshare", "--map-root-user", "--net"]


def can_cut_off() -> bool:
    return (
        shutil.which("unshare") is not None and not subprocess.run([*CUT_OFF, "true"], capture_output=True).returncode
    )


pytestmark = pytest.mark.skipif(not can_cut_off(), reason="this system gives no network namespace")


def cut_off(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CUT_OFF, sys.executable, *command], capture_output=True, text=True, check=False)


def test_the_namespace_reaches_not_even_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        assert subprocess.run([sys.executable, "-c", code]).returncode == 0
        assert cut_off("-c", code).returncode != 0


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
