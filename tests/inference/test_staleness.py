"""A bundle that is older than its study says so, wherever it is opened."""

import logging
import shutil
from pathlib import Path

import pytest
from bundles import TinyBundle, edit_info
from drawn import change_record, change_runs, report_of, runs_of
from synthetic import write_study

from potstill.domain.study_folder import StudyFolder
from potstill.inference.bundle import open_bundle
from potstill.inference.info import MadeFrom
from potstill.inference.staleness import why_stale


@pytest.fixture
def study(tmp_path: Path, tiny_bundle: TinyBundle) -> StudyFolder:
    """A study with a bundle of an earlier version, of its picked arm."""
    folder = StudyFolder(write_study(tmp_path / "study", {"even": 0.0, "odd": -0.3}))
    shutil.copytree(tiny_bundle.folder, folder.bundle())
    edit_info(folder.bundle(), name="even", provenance={"digest": runs_of(folder.path, "even")[0].digest})
    return folder


def made_from(study: StudyFolder, arm: str = "even", *, picked: bool = True) -> dict[str, object]:
    record = study.record()
    made = MadeFrom(
        study=record.name, arm=arm, picked=picked, run=record.runs_of(arm)[0].digest, record_sha256="",
        runs=record.runs_digest,
    )  # fmt: skip
    return made.model_dump()


@pytest.mark.parametrize("earlier", [True, False])
def test_another_pick_makes_a_bundle_stale(study: StudyFolder, *, earlier: bool) -> None:
    if not earlier:
        edit_info(study.bundle(), made_from=made_from(study))
    assert why_stale(study.bundle()) is None
    change_record(study.path, picked="odd")
    stale = why_stale(study.bundle())
    assert stale
    assert stale.startswith(f'{study.bundle()} was made before the last run of its study: "even" was picked then, now')
    assert stale.endswith(f"remove it, and `potstill export {study}` makes a new one")
    change_record(study.path, picked=None, why_none="the teacher is not worth compressing")
    assert "now none is picked: the teacher is not worth" in (why_stale(study.bundle()) or "")


def test_a_bundle_of_an_arm_named_by_hand_is_not_held_against_the_pick(study: StudyFolder) -> None:
    study.bundle().rename(study.bundle("odd"))
    edit_info(study.bundle("odd"), name="odd", made_from=made_from(study, "odd", picked=False))
    assert why_stale(study.bundle("odd")) is None


def test_another_run_under_the_same_name_makes_it_stale(study: StudyFolder) -> None:
    edit_info(study.bundle(), made_from={**made_from(study), "record_sha256": "0" * 64})
    assert '"even" has been trained again' in (why_stale(study.bundle()) or "")
    edit_info(study.bundle(), made_from={**made_from(study), "run": "0" * 64})
    assert '"even" was another model then' in (why_stale(study.bundle()) or "")
    edit_info(study.bundle(), made_from={**made_from(study), "runs": "0" * 64})
    assert 'other runs have been made since, and its model, "even", is as it was' in (why_stale(study.bundle()) or "")


def test_opening_it_warns_and_the_report_lists_it(study: StudyFolder, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        open_bundle(study.bundle(), engine="onnx-fp32")
        assert caplog.messages == []
        change_record(study.path, picked="odd")
        open_bundle(study.bundle(), engine="onnx-fp32")
    assert caplog.messages == [why_stale(study.bundle())]
    assert report_of(study.path).warnings == [f"{why_stale(study.bundle())}."]


def test_nothing_is_said_where_nothing_is_known(study: StudyFolder, tmp_path: Path) -> None:
    shutil.move(study.bundle(), tmp_path / "bundle")
    assert why_stale(tmp_path / "bundle") is None, "no study beside it"
    (study.path / "empty").mkdir()
    assert why_stale(study.path / "empty") is None
    shutil.move(tmp_path / "bundle", study.bundle())
    change_runs(study.path, "even", status="failed")
    study.record_file.write_text("{")
    assert why_stale(study.bundle()) is None, "whoever opens the study is told"
