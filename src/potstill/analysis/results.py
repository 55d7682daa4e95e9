"""A study's folder, read: what ran, and the test logits of every run."""

from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.domain.errors import PotstillError
from potstill.domain.layer_search import LayerSearch
from potstill.domain.predictor import Logits
from potstill.domain.record import RunRecord
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import RUN_FILE, StudyFolder
from potstill.domain.study_record import ArmRecord, Role, StudyRecord
from potstill.domain.task import Task
from potstill.ledger.ledger import read_record
from potstill.ledger.seals import checked_content


@dataclass(frozen=True)
class Run:
    """One run with its test logits, (rows, labels); None for a run that failed."""

    record: RunRecord
    folder: Path
    test: Logits | None

    @property
    def logits(self) -> Logits:
        """The test logits of a run that finished."""
        assert self.test is not None, "only runs that finished are measured"
        return self.test


@dataclass(frozen=True)
class Arm:
    """One row of the table: what the study says of an arm, with those of its runs that there are."""

    record: ArmRecord
    runs: list[Run]

    @property
    def name(self) -> str:
        """What the study calls it."""
        return self.record.arm

    @property
    def kind(self) -> str:
        """Its method, or what it stands for: "teacher", "majority", "tfidf"."""
        return self.record.kind

    @property
    def role(self) -> Role:
        """What it is for."""
        return self.record.role

    @property
    def layers(self) -> str:
        """The teacher layers that it keeps, in words; empty where it keeps none or they are not known yet."""
        return self.record.layers or ""

    @property
    def seeded(self) -> bool:
        """Whether another seed would have given another model."""
        return self.record.seeded

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

    folder: StudyFolder
    record: StudyRecord
    arms: list[Arm]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]
    groups: NDArray[np.int64] | None
    """Numbers the group of each test row, where rows belong together."""
    layer_searches: list[LayerSearch]
    """For each number of layers that were searched."""

    @property
    def task(self) -> Task:
        """What is classified."""
        return self.record.task

    @property
    def runs_made(self) -> int:
        """How many of the study's runs there are, finished or failed."""
        return sum(len(arm.runs) for arm in self.arms)

    @property
    def unsealed(self) -> list[str]:
        """The runs whose records have no hash, where others have: they could have been edited."""
        runs = [run for arm in self.arms for run in arm.runs]
        without = [run.folder.name for run in runs if not run.record.seal]
        return without if len(without) < len(runs) else []

    def arm(self, kind: str) -> Arm | None:
        """The first arm of a kind."""
        return next((arm for arm in self.arms if arm.kind == kind), None)

    def arm_named(self, name: str | None) -> Arm | None:
        """The arm of a name, where one has it and has a run that finished."""
        return next((arm for arm in self.arms if arm.name == name and arm.done), None)


def load_results(folder: Path | StudyFolder) -> StudyResults:
    """Read a study's folder.

    Raises:
        PotstillError: it is not a study folder, is of another format, or a file in it is damaged.
    """
    study = folder if isinstance(folder, StudyFolder) else StudyFolder(folder)
    return results_of(study, study.record())


def results_of(study: StudyFolder, record: StudyRecord) -> StudyResults:
    """What lies in a study's folder by a record, which need not be written down yet.

    Raises:
        PotstillError: a file is damaged.
    """
    try:
        content = study.rows_file.read_bytes()
        if record.rows_sha256 and sha256(content).hexdigest() != record.rows_sha256:
            raise ValueError(f"{study.rows_file.name} was changed after study.json was written")
        with np.load(BytesIO(content), allow_pickle=False) as rows:
            labels, weights = rows["test_labels"], rows["test_weights"]
            groups = rows["test_groups"] if "test_groups" in rows.files else None
            if "test_fingerprint" in rows.files and str(rows["test_fingerprint"]) != record.test_fingerprint:
                raise ValueError("study.json and rows.npz are not of the same rows")
        return StudyResults(
            folder=study,
            record=record,
            arms=[_read_arm(study, record, arm) for arm in record.arms],
            labels=labels,
            weights=weights,
            groups=groups,
            layer_searches=[LayerSearch.model_validate_json(file.read_bytes()) for file in study.layer_search_files()],
        )
    except (ValueError, KeyError, OSError) as error:
        raise PotstillError(f"{study} cannot be read: {error}; run the study again") from error


def is_made(folder: StudyFolder, key: RunKey) -> bool:
    """Whether the run is there, finished or failed."""
    return (folder.run(key) / RUN_FILE).is_file()


def read_run(folder: StudyFolder, key: RunKey) -> RunRecord | None:
    """The record of a run, finished or failed; None where there is none. Raises PotstillError for a damaged one."""
    return read_record(folder.run(key)) if is_made(folder, key) else None


def _read_arm(folder: StudyFolder, study: StudyRecord, arm: ArmRecord) -> Arm:
    runs = [_read_run(folder, key) for key in study.runs_of(arm.arm)]
    return Arm(arm, [run for run in runs if run])


def _read_run(folder: StudyFolder, key: RunKey) -> Run | None:
    record, place = read_run(folder, key), folder.run(key)
    if record is None:
        return None
    if record.status == "failed":
        return Run(record, place, None)
    with np.load(BytesIO(checked_content(place, record)), allow_pickle=False) as logits:
        return Run(record, place, logits["test"].astype(np.float32))  # packed they are in half precision
