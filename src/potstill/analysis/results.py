"""A study's folder, read: what ran, and the logits of every run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from potstill.domain.dataset import DataAccount
from potstill.domain.errors import PotstillError
from potstill.domain.layer_search import LayerSearch
from potstill.domain.record import RunRecord
from potstill.domain.task import Task

COMPRESSED = ("smaller", "whole")
"""The roles of what a study is about; the others are baselines, the teacher, and controls."""
UNSEEDED = ("majority", "tfidf", "teacher", "untrained")
"""Kinds whose result no seed changes, and the teacher, of which there is one: for results from before `seeded` was
written down."""


@dataclass(frozen=True)
class Run:
    """One run with its test logits, (rows, labels); None for a run that failed."""

    record: RunRecord
    folder: Path
    test: NDArray[np.float32] | None


@dataclass(frozen=True)
class Arm:
    """One row of the table: an arm with those of its runs that there are."""

    name: str
    kind: str
    role: str
    words: str
    layers: str
    seeds: list[int]
    seeded: bool
    """Whether another seed would have given another model."""
    runs: list[Run]

    @property
    def done(self) -> list[Run]:
        """The runs that finished."""
        return [run for run in self.runs if run.record.status == "done"]

    @property
    def waived(self) -> bool:
        """Whether a gate would have refused it."""
        return any(run.record.waived for run in self.runs)


@dataclass(frozen=True)
class StudyResults:
    """Everything that a report is made of."""

    folder: Path
    summary: dict[str, Any]
    task: Task
    account: DataAccount
    arms: list[Arm]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]
    groups: NDArray[np.int64] | None
    """Numbers the group of each test row, where rows belong together."""
    searches: list[LayerSearch]
    """For each number of layers that were searched."""

    def arm(self, kind: str) -> Arm | None:
        """The first arm of a kind."""
        return next((arm for arm in self.arms if arm.kind == kind), None)


def load_results(folder: Path) -> StudyResults:
    """Read a study's folder.

    Raises:
        PotstillError: it is no study's folder, or a file in it is damaged.
    """
    path = folder / "study.json"
    if not path.is_file():
        raise PotstillError(f"{folder} is no study's folder: it has no study.json. `potstill run` makes one")
    try:
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        with np.load(folder / "rows.npz", allow_pickle=False) as rows:
            labels, weights = rows["test_labels"], rows["test_weights"]
            groups = rows["test_groups"] if "test_groups" in rows.files else None
            if "test_fingerprint" in rows.files and str(rows["test_fingerprint"]) != summary.get("test_fingerprint"):
                raise ValueError("study.json and rows.npz are not of the same rows")
        return StudyResults(
            folder=folder,
            summary=summary,
            task=Task.model_validate(summary["task"]),
            account=DataAccount.model_validate(summary["account"]),
            arms=[_read_arm(folder, arm, summary["runs"]) for arm in summary["arms"]],
            labels=labels,
            weights=weights,
            groups=groups,
            searches=[LayerSearch.model_validate_json(file.read_text()) for file in layer_files(folder)],
        )
    except (ValueError, KeyError, OSError, ValidationError) as error:
        raise PotstillError(f"{folder} cannot be read: {error}; run the study again") from error


def layer_files(folder: Path) -> list[Path]:
    """Where a study wrote down which layers it tried."""
    return sorted(folder.glob("layers-*.json"))


def _read_arm(folder: Path, arm: dict[str, Any], places: dict[str, str]) -> Arm:
    runs = [_read_run(folder / "ledger" / places[f"{arm['arm']}/s{seed}"]) for seed in arm["seeds"]]
    return Arm(
        name=arm["arm"],
        kind=arm["kind"],
        role=arm["role"],
        words=arm["words"],
        layers=arm["layers"] or "",
        seeds=list(arm["seeds"]),
        seeded=arm.get("seeded", arm["kind"] not in UNSEEDED),
        runs=[run for run in runs if run],
    )


def _read_run(place: Path) -> Run | None:
    if not (place / "run.json").is_file():
        return None
    record = RunRecord.model_validate_json((place / "run.json").read_text(encoding="utf-8"))
    if record.status == "failed":
        return Run(record, place, None)
    with np.load(place / "logits.npz", allow_pickle=False) as logits:
        return Run(record, place, logits["test"].astype(np.float32))  # packed they are in half precision
