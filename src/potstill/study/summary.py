"""The study's own files beside its ledger: what ran, in table order, and the labels that the logits belong to."""

import gzip
import io
import json
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import potstill
from potstill.domain.dataset import Dataset
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import ArmRecord, RateTrial, Rule, StudyRecord
from potstill.ledger.ledger import write_file
from potstill.study.config import Study
from potstill.study.identity import Draft
from potstill.study.provenance import machine


def write_rows(folder: Path, data: Dataset) -> None:
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
    write_file(folder / "rows.npz", content.getvalue())


def is_summarised(folder: Path, data: Dataset) -> bool:
    """Whether the folder has a `study.json` of the same test rows."""
    try:
        summary = json.loads((folder / "study.json").read_bytes())
    except (OSError, ValueError):  # none yet, or damaged
        return False
    return summary.get("test_fingerprint") == data.test.fingerprint()


def write_texts(folder: Path, data: Dataset) -> None:
    """`texts.jsonl.gz`: the texts of test, so that a report can show which of them flipped. A packed study has none."""
    lines = "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in data.test.texts)
    content = gzip.compress(lines.encode("utf-8", "surrogatepass"), mtime=0)
    write_file(folder / "texts.jsonl.gz", content)


def _numbers(groups: Sequence[str]) -> NDArray[np.int64]:
    """A number for each row, the same for rows of one group; a row without a group is one by itself."""
    found: dict[str, int] = {}
    return np.array([found.setdefault(group or f"row {row}", len(found)) for row, group in enumerate(groups)])


def _hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    digests = b"".join(sha256(text.encode("utf-8", "surrogatepass")).digest()[:8] for text in texts)
    return np.frombuffer(digests, dtype=np.uint64)


def write_summary(
    folder: Path,
    study: Study,
    root: Path,
    data: Dataset,
    runs: list[Draft],
    layers: dict[str, str],
    searched: list[RateTrial],
) -> StudyRecord:
    """`study.json`: the arms in table order, the runs that belong to the study, the rule, the account; no pick yet.

    `root`, which the study's paths are relative to, is kept relative to `folder`.
    """
    seeds: dict[str, list[int]] = {}
    for draft in runs:
        seeds.setdefault(draft.arm, []).append(draft.seed)
    first = {draft.arm: draft for draft in reversed(runs)}
    record = StudyRecord(
        name=study.name,
        task=data.task,
        seeds=study.seeds,
        arms=[
            ArmRecord(
                arm=arm, kind=first[arm].kind, role=first[arm].role, seeds=of_arm, layers=layers.get(arm),
                description=first[arm].words, seeded=first[arm].seeded,
            )
            for arm, of_arm in seeds.items()
        ],
        runs=[RunKey(arm=draft.arm, seed=draft.seed, digest=draft.digest) for draft in runs],
        rule=Rule.model_validate(study.rule.model_dump()),
        rate_trials=searched,
        picked=None,
        account=data.account,
        test_fingerprint=data.test.fingerprint(),
        study=study.model_dump(mode="json"),
        root=os.path.relpath(root, folder),
        version=potstill.__version__,
        machine=machine(),
    )  # fmt: skip
    write_record(folder, record)
    return record


def write_record(folder: Path, record: StudyRecord) -> None:
    """`study.json` as it is given."""
    write_file(StudyFolder(folder).record_file, record.model_dump_json(indent=1).encode())
