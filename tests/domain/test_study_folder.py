"""A study's folder: what it is told from, and which formats are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from potstill.domain.dataset import DataAccount
from potstill.domain.errors import PotstillError
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import ArmRecord, Rule, StudyRecord
from potstill.domain.task import Task

RECORD = StudyRecord(
    name="tiny", task=Task(labels=("fine", "toxic"), positive="toxic"), seeds=[0, 1],
    arms=[ArmRecord(
        arm="even", kind="student", role="smaller", seeds=[0, 1], layers="[1] of 2", description="", seeded=True
    )],
    runs=[RunKey(arm="even", seed=seed, digest=f"{seed}" * 64) for seed in (0, 1)], rule=Rule(), rate_trials=[],
    picked="even", account=DataAccount(sources=[], rows={}, positives={}), test_fingerprint="f", study={}, root="..",
    version="0", machine="a machine",
)  # fmt: skip


def written(folder: Path, **changes: Any) -> StudyFolder:
    content = json.loads(RECORD.model_dump_json()) | changes
    (folder / "study.json").write_text(json.dumps(content), encoding="utf-8")
    return StudyFolder(folder)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert folder.is_study()
    assert folder.record() == RECORD
    assert folder.run(RECORD.runs_of("even")[1]).name == "even-s1-111111111111"
    assert folder.bundle() != folder.bundle("teacher")


def test_a_folder_without_a_record_is_not_a_study(tmp_path: Path) -> None:
    assert not StudyFolder(tmp_path).is_study()
    with pytest.raises(PotstillError, match=r"is not a study folder: it has no study.json. `potstill run` makes one"):
        StudyFolder(tmp_path).record()


def test_a_record_of_format_1_names_the_command_that_converts_it(tmp_path: Path) -> None:
    folder = written(tmp_path)
    content = json.loads(folder.record_file.read_text())
    del content["format"]
    folder.record_file.write_text(json.dumps(content))
    with pytest.raises(
        PotstillError, match=r"format 1, which an earlier potstill wrote: `potstill upgrade .*` converts"
    ):
        folder.record()


def test_a_record_of_a_later_format_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match="of format 3, which a later potstill wrote; this version reads 2: upgrade"):
        written(tmp_path, format=3).record()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 2}', b"\xff\xfe"])
def test_a_damaged_record_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "study.json").write_bytes(content)
    with pytest.raises(PotstillError, match=r"(?s)study.json is damaged: .*; run the study again"):
        StudyFolder(tmp_path).record()


def test_an_unknown_key_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match="is damaged"):
        written(tmp_path, winner="even").record()
