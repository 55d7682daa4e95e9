"""A study's folder as if it had been run: scores that are drawn, not trained, for what only reads results."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.analysis.pick import pick_arm
from potstill.domain.dataset import DataAccount, SourceAccount
from potstill.domain.layers import LayerPlan
from potstill.domain.measures import Calibration, Cost, CurvePoint, Threshold
from potstill.domain.record import RunRecord
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import ArmRecord, Role, Rule, StudyRecord
from potstill.domain.task import Task
from potstill.evaluation.metrics import measure

TASK = Task(labels=("fine", "toxic"), positive="toxic")
PLAN = LayerPlan(depth=6, kept=(1, 3, 5))
CALIBRATION = Calibration(temperature=1.2, threshold=Threshold(value=0.5, rule="best_f1", precision=0.8, recall=0.7))


@dataclass
class _Drawn:
    """What was written so far of a study with these test rows, (n,) each."""

    folder: StudyFolder
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]
    description: str
    runs: list[RunKey] = field(default_factory=list[RunKey])
    arms: list[ArmRecord] = field(default_factory=list[ArmRecord])

    def add_run(self, arm: str, kind: str, seed: int, scores: NDArray[np.float64], layers: LayerPlan | None) -> None:
        """Write a run whose test logits are made of these scores; on validation it is as good."""
        logits = np.stack([np.zeros(len(scores)), scores - 1.5], axis=1).astype(np.float32)
        measured = measure(logits, self.labels, self.weights, TASK, CALIBRATION)
        curve = [CurvePoint(epoch=n, step=10 * n, loss=1 / n, validation_pr_auc=0.5 + 0.1 * n) for n in (1, 2)]
        count, digest = 700 if layers else 1000, sha256(f"{arm}-{seed}".encode()).hexdigest()
        record = RunRecord(
            arm=arm, kind=kind, seed=seed, digest=digest, status="done", curve=curve, layers=layers,
            cost=Cost(parameters=count, trainable_parameters=count, bytes=4_000_000, texts_per_second=100.0 + seed),
            calibration=CALIBRATION, validation=measured, test=measured, provenance={"potstill": "0", "commit": "abc"},
        )  # fmt: skip
        place = self.folder.run(record.key)
        place.mkdir(parents=True)
        (place / "run.json").write_text(record.model_dump_json(), encoding="utf-8")
        np.savez(place / "logits.npz", validation=logits, test=logits)
        self.runs.append(record.key)

    def add_arm(self, arm: str, kind: str, role: Role, seeds: Sequence[int], layers: str | None = None) -> None:
        """Put an arm into the table."""
        self.arms.append(
            ArmRecord(
                arm=arm, kind=kind, role=role, seeds=list(seeds), layers=layers, description=self.description,
                seeded=kind != "teacher",
            )
        )  # fmt: skip


def write_study(
    folder: Path,
    arms: dict[str, float],
    *,
    rows: int = 600,
    seeds: Sequence[int] = (0, 1, 2),
    spread: float = 0.02,
    texts: Sequence[str] = (),
    words: str = "drawn",
    margin: float = 0.02,
) -> Path:
    """Write a study with these students, each so far from the teacher's separation of 2; the folder."""
    rng = np.random.default_rng(0)
    labels = (rng.random(rows) < 0.25).astype(np.int64)
    weights, noise = np.where(labels == 1, 1.0, 2.0), rng.normal(size=rows)
    drawn = _Drawn(StudyFolder(folder), labels, weights, words)
    drawn.add_run("teacher", "teacher", 0, 2 * labels + noise, None)
    drawn.add_arm("teacher", "teacher", "control", [0])
    for arm, shift in arms.items():
        shared = rng.normal(size=rows)
        for seed in seeds:
            own = (2 + shift + spread * rng.normal()) * labels + 0.95 * noise + 0.3 * shared
            drawn.add_run(arm, "student", seed, own + 0.1 * rng.normal(size=rows), PLAN)
        drawn.add_arm(arm, "student", "smaller", seeds, str(PLAN))
    np.savez(drawn.folder.rows_file, test_labels=labels, test_weights=weights)
    if texts:
        lines = "".join(json.dumps(texts[n % len(texts)]) + "\n" for n in range(rows))
        drawn.folder.texts_file.write_bytes(gzip.compress(lines.encode()))
    _write_record(drawn, list(seeds), margin)
    return folder


def _write_record(drawn: _Drawn, seeds: list[int], margin: float) -> None:
    """`study.json`, as a study writes it when it ends."""
    words, rows = drawn.description, len(drawn.labels)
    source = SourceAccount(source=f"test: {words}", fingerprint="sha256:0", rows=rows, used=rows)
    account = DataAccount(
        sources=[source], rows={"test": rows}, positives={"test": TASK.counts(drawn.labels)}, notes=[words]
    )  # fmt: skip
    record = StudyRecord(
        name="drawn", task=TASK, seeds=seeds, arms=drawn.arms, runs=drawn.runs, rule=Rule(margin=margin),
        rate_trials=[], picked=None, account=account, test_fingerprint="", study={"name": words}, version="0",
        machine="a machine",
    )  # fmt: skip
    pick = pick_arm(drawn.folder, record)
    record = record.model_copy(update={"picked": pick.arm, "why_none": pick.why_none})
    drawn.folder.record_file.write_text(record.model_dump_json(), encoding="utf-8")
