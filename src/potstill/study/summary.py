"""The study's own files beside its ledger: what ran, in table order, and the labels that the logits belong to."""

import gzip
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

import potstill
from potstill.analysis.pick import Pick
from potstill.domain.dataset import Dataset
from potstill.domain.errors import PotstillError
from potstill.domain.layer_search import LayerSearch
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import ArmRecord, RateTrial, StudyRecord
from potstill.ledger.files import write_file
from potstill.study.planned_run import PlannedRun
from potstill.study.provenance import machine
from potstill.study.workspace import Workspace


class StudySummary:
    """Writes what a study's folder says about itself. The rows' file says which rows it is of: a kill may fall between
    two files."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._folder = workspace, workspace.folder

    def is_current(self) -> bool:
        """Whether the folder has a record of the same test rows."""
        before = self._before()
        return before is not None and before.test_fingerprint == self._workspace.data.test.fingerprint()

    def write(
        self, runs: Sequence[PlannedRun], layers: Mapping[str, str], trials: Sequence[RateTrial],
        searches: Sequence[LayerSearch],
    ) -> None:  # fmt: skip
        """Write all of it: `runs` in table order, the layers of each arm in words, what was searched."""
        write_rows(self._folder, self._workspace.data)
        write_texts(self._folder, self._workspace.data)
        self._write_searches(searches)
        record = self._record(runs, layers, trials)
        before = self._before()
        if before and (before.runs, before.rule) == (record.runs, record.rule):
            # Of the same study, and decided.
            record = record.model_copy(update={"picked": before.picked, "why_none": before.why_none})
        write_record(self._folder, record)

    def _before(self) -> StudyRecord | None:
        try:
            return self._folder.record()
        except PotstillError:  # none yet, damaged, or of an older format: it is written anew
            return None

    def _write_searches(self, searches: Sequence[LayerSearch]) -> None:
        files = {self._folder.layer_search_file(search.num_layers): search for search in searches}
        for file, search in files.items():
            write_file(file, search.model_dump_json().encode())
        for file in self._folder.layer_search_files():
            if file not in files:  # of the study as it was before
                file.unlink()

    def _record(
        self, runs: Sequence[PlannedRun], layers: Mapping[str, str], trials: Sequence[RateTrial]
    ) -> StudyRecord:
        study, data = self._workspace.study, self._workspace.data
        return StudyRecord(
            name=study.name,
            task=data.task,
            seeds=study.seeds,
            arms=_arms(runs, layers),
            runs=[run.key for run in runs],
            rule=study.rule,
            rate_trials=list(trials),
            picked=None,
            waived=study.waived_of_study(),
            account=data.account,
            test_fingerprint=data.test.fingerprint(),
            rows_sha256=sha256(self._folder.rows_file.read_bytes()).hexdigest(),
            study=study.model_dump(mode="json"),
            # Relative, so that a folder of studies can be moved as a whole.
            root=os.path.relpath(self._workspace.root, self._folder.path),
            version=potstill.__version__,
            machine=machine(),
        )


def _arms(runs: Sequence[PlannedRun], layers: Mapping[str, str]) -> list[ArmRecord]:
    by_arm: dict[str, list[PlannedRun]] = {}
    for run in runs:
        by_arm.setdefault(run.key.arm, []).append(run)
    return [
        ArmRecord(
            arm=arm, kind=of_arm[0].kind, role=of_arm[0].role, seeds=[run.key.seed for run in of_arm],
            layers=layers.get(arm), description=of_arm[0].description, seeded=of_arm[0].seeded,
        )
        for arm, of_arm in by_arm.items()
    ]  # fmt: skip


def write_record(folder: StudyFolder, record: StudyRecord) -> None:
    """Write `study.json`."""
    write_file(folder.record_file, record.model_dump_json(indent=1).encode())


def write_picked(folder: StudyFolder, pick: Callable[[StudyFolder, StudyRecord], Pick]) -> Pick:
    """Decide which arm is picked, once all runs have been made, and write it down, or why there is none."""
    record = folder.record()
    picked = pick(folder, record)
    write_record(folder, record.model_copy(update={"picked": picked.arm, "why_none": picked.why_none}))
    return picked


def write_rows(folder: StudyFolder, data: Dataset) -> None:
    """`rows.npz`: labels, weights and hashes of validation and test, the test rows' categories and the numbers of their
    groups where any have two rows, in the logits' order.

    A hash is the first eight bytes of the SHA-256 of the normalised text: whoever has the rows can find them again.
    """
    content, groups = io.BytesIO(), _numbers(data.test.groups)
    together = {"test_groups": groups} if groups.max(initial=0) + 1 < len(groups) else {}
    np.savez_compressed(
        content,
        allow_pickle=False,
        validation_labels=data.validation.labels,
        validation_weights=data.validation.weights,
        test_labels=data.test.labels,
        test_weights=data.test.weights,
        validation_hashes=_hashes(data.validation.texts),
        test_hashes=_hashes(data.test.texts),
        test_categories=np.array(data.test.categories, dtype=np.str_),
        test_fingerprint=np.array(data.test.fingerprint()),
        **together,
    )
    write_file(folder.rows_file, content.getvalue())


def write_texts(folder: StudyFolder, data: Dataset) -> None:
    """`texts.jsonl.gz`: the texts of test, so that a report can show which of them flipped. A packed study has none."""
    lines = "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in data.test.texts)
    content = gzip.compress(lines.encode("utf-8", "surrogatepass"), mtime=0)
    write_file(folder.texts_file, content)


def _numbers(groups: Sequence[str]) -> NDArray[np.int64]:
    """A number for each row, the same for rows of one group; a row without a group is one by itself."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(group or f"row {row}", len(numbers)) for row, group in enumerate(groups)])


def _hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    digests = b"".join(sha256(text.encode("utf-8", "surrogatepass")).digest()[:8] for text in texts)
    return np.frombuffer(digests, dtype=np.uint64)
