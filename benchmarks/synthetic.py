"""A study's folder as if it had been run: scores that are drawn, not trained, for what only reads results."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from potstill.domain.dataset import DataAccount, SourceAccount
from potstill.domain.layers import LayerPlan
from potstill.domain.measures import Calibration, Cost, CurvePoint, Threshold
from potstill.domain.record import RunRecord
from potstill.domain.task import Task
from potstill.evaluation.quality import measure

TASK = Task(labels=("fine", "toxic"), positive="toxic")


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
    places: dict[str, str] = {}
    table: list[dict[str, object]] = []

    def add(arm: str, kind: str, role: str, seed: int, scores: np.ndarray, layers: LayerPlan | None) -> None:
        logits = np.stack([np.zeros(rows), scores - 1.5], axis=1).astype(np.float32)
        calibration = Calibration(
            temperature=1.2, threshold=Threshold(value=0.5, rule="best_f1", precision=0.8, recall=0.7)
        )
        measured = measure(logits, labels, weights, TASK, calibration)
        curve = [CurvePoint(epoch=n, step=10 * n, loss=1 / n, validation_pr_auc=0.5 + 0.1 * n) for n in (1, 2)]
        count = 700 if layers else 1000
        record = RunRecord(
            arm=arm, kind=kind, seed=seed, digest=f"{arm}-{seed}", status="done", curve=curve, layers=layers,
            cost=Cost(parameters=count, trainable_parameters=count, bytes=4_000_000, texts_per_second=100.0 + seed),
            calibration=calibration, validation=measured, test=measured, provenance={"potstill": "0", "commit": "abc"},
        )  # fmt: skip
        place = folder / "ledger" / f"{arm}-s{seed}"
        place.mkdir(parents=True)
        (place / "run.json").write_text(record.model_dump_json(), encoding="utf-8")
        np.savez(place / "logits.npz", validation=logits, test=logits)
        places[f"{arm}/s{seed}"] = place.name

    def row(arm: str, kind: str, role: str, its: Sequence[int], layers: str | None = None) -> None:
        table.append({"arm": arm, "kind": kind, "role": role, "seeds": its, "layers": layers, "words": words})

    add("teacher", "teacher", "control", 0, 2 * labels + noise, None)
    row("teacher", "teacher", "control", [0])
    plan = LayerPlan(depth=6, kept=(1, 3, 5))
    for arm, shift in arms.items():
        shared = rng.normal(size=rows)
        for seed in seeds:
            own = (2 + shift + spread * rng.normal()) * labels + 0.95 * noise + 0.3 * shared
            add(arm, "student", "smaller", seed, own + 0.1 * rng.normal(size=rows), plan)
        row(arm, "student", "smaller", list(seeds), str(plan))
    np.savez(folder / "rows.npz", test_labels=labels, test_weights=weights)
    if texts:
        lines = "".join(json.dumps(texts[n % len(texts)]) + "\n" for n in range(rows))
        (folder / "texts.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    source = SourceAccount(source=f"test: {words}", fingerprint="sha256:0", rows=rows, used=rows)
    account = DataAccount(sources=[source], rows={"test": rows}, positives={"test": TASK.counts(labels)}, notes=[words])
    summary = {
        "name": "drawn", "task": TASK.model_dump(mode="json"), "seeds": list(seeds), "arms": table, "runs": places,
        "rule": {"metric": "pr_auc", "margin": margin, "pick": "student"}, "search": [], "study": {"name": words},
        "account": account.model_dump(mode="json"), "machine": "a machine", "version": "0",
    }  # fmt: skip
    (folder / "study.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder
