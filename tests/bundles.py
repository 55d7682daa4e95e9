"""One real bundle of a tiny model that learnt something, made once for all tests that open one."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from tiny import comments, tiny_classifier

from potstill.domain.measures import Calibration, Threshold
from potstill.domain.task import Task
from potstill.export.build import ExportSettings, Origin, export_bundle
from potstill.export.checks import CheckRows, Tolerance
from potstill.inference.engine import EngineName
from potstill.inference.manifest import INFO, MANIFEST
from potstill.models.classifier import Classifier
from potstill.models.forward import encode, pad
from potstill.models.saved import SavedDecision

BUNDLE_ENGINES: tuple[EngineName, ...] = ("onnx-fp32", "onnx-int8", "onnx-w8", "openvino-bf16", "openvino-int8")
TASK = Task(labels=("fine", "toxic"), positive="toxic")


@dataclass(frozen=True)
class TinyBundle:
    """The folder, and the model that it was made from."""

    folder: Path
    classifier: Classifier
    said: list[str]


def make_tiny_bundle(folder: Path) -> TinyBundle:
    """Train for a few seconds, export every engine whatever it costs."""
    classifier = tiny_classifier(layers=2)
    texts, labels = comments(512)
    _teach(classifier, texts, labels)
    threshold = Threshold(value=0.5, rule="best_f1", precision=1, recall=1)
    decision = SavedDecision(
        task=TASK,
        calibration=Calibration(threshold=threshold),
        max_length=24,
    )
    said: list[str] = []
    export_bundle(
        classifier, decision, Origin("tiny", "a tiny model"),
        CheckRows(texts[:200], np.array(labels[:200]), np.ones(200)), folder / "bundle",
        settings=ExportSettings(BUNDLE_ENGINES, tolerance=Tolerance(1.0, 1.0, 1.0)), say=said.append,
    )  # fmt: skip
    return TinyBundle(folder / "bundle", classifier, said)


def reseal(folder: Path) -> None:
    """What an attacker does who knows how: make every hash right again."""
    names = [path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST]
    files = {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in names}
    (folder / MANIFEST).write_text(json.dumps({"format": 1, "files": files}))


def edit_info(folder: Path, **change: object) -> None:
    """Change what the bundle says of itself, hashes and all."""
    info = json.loads((folder / INFO).read_text())
    (folder / INFO).write_text(json.dumps({**info, **change}))
    reseal(folder)


def _teach(classifier: Classifier, texts: list[str], labels: list[int]) -> None:
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(classifier.model.parameters(), lr=3e-3)
    rows = encode(classifier.tokenizer, texts, max_length=24)
    classifier.model.train()
    for step in range(160):
        some = [(step * 32 + place) % len(rows) for place in range(32)]
        inputs = pad([rows[row] for row in some], 0)
        loss = classifier.model(**inputs, labels=torch.tensor([labels[row] for row in some])).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    classifier.model.eval()
