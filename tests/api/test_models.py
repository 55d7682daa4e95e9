"""Bundles made of saved models, by a function."""

import io
import shutil
from pathlib import Path

import pytest
from drawn import change_record
from rich.console import Console

from potstill import BundleTexts, PotstillError, export
from potstill.domain.study_folder import StudyFolder
from potstill.inference.staleness import why_stale

QUIET = Console(quiet=True)


def run_of(workplace: Path, arm: str) -> Path:
    return next((workplace / "runs" / "tiny" / "ledger").glob(f"{arm}-s0-*"))


def test_a_study_has_a_place_for_the_bundle_of_each_arm(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "copy")
    folder, log = tmp_path / "copy" / "runs" / "tiny", io.StringIO()
    student = export(folder, engines=["onnx-fp32"], console=Console(file=log))
    teacher = export(folder, arm="teacher", engines=["onnx-fp32"], console=QUIET)
    assert (student.name, teacher.name) == ("even", "teacher")
    assert list(student.measures) == ["validation", "test"]
    assert student.curve
    assert [path.parent.name for path in sorted(folder.glob("*/bundle.json"))] == ["bundle", "bundle-teacher"]
    assert "making onnx-fp32" in log.getvalue()
    assert (student.languages, teacher.languages) == (("en",), ("en",)), "as the study declares"
    origin = student.made_from
    assert origin
    assert (origin.arm, origin.picked, origin.runs) == ("even", True, StudyFolder(folder).record().runs_digest)
    assert teacher.made_from
    assert not teacher.made_from.picked
    assert [why_stale(bundle) for bundle in StudyFolder(folder).bundles()] == [None, None]
    with pytest.raises(PotstillError, match=r"bundle exists; remove it or name another folder with -o"):
        export(folder, console=QUIET)
    change_record(folder, picked="lora")
    with pytest.raises(PotstillError, match=r'"even" was picked then, now "lora" is picked; remove it, .* with -o'):
        export(folder, console=QUIET)
    with pytest.raises(PotstillError, match='no saved model of an arm "oddd"; it has teacher, even, lora'):
        export(folder, arm="oddd", console=QUIET)


def test_a_model_by_itself_is_checked_for_decisions_only(finished: Path, tmp_path: Path) -> None:
    info = export(run_of(finished, "even") / "model", tmp_path / "bundle", engines=["onnx-fp32"], console=QUIET)
    assert info.engines["onnx-fp32"].checks.pr_auc_change is None
    assert (info.measures, info.curve) == ({}, [])
    assert (tmp_path / "bundle" / "bundle.json").is_file()
    assert info.languages == ("en",), "as the folder has it from its study"
    german = BundleTexts(languages=["de", "nl"])
    info = export(
        run_of(finished, "even") / "model", tmp_path / "german", engines=["onnx-fp32"], texts=german, console=QUIET
    )
    assert (info.languages, info.short_texts) == (("de", "nl"), None), "the short texts are English"
    wrong = BundleTexts(languages=["German"])
    with pytest.raises(PotstillError, match='languages: "German" is not a code of ISO 639'):
        export(run_of(finished, "even") / "model", tmp_path / "wrong", texts=wrong, console=QUIET)


def test_a_model_by_itself_has_no_place_and_no_arms(finished: Path, tmp_path: Path) -> None:
    model = run_of(finished, "even") / "model"
    with pytest.raises(PotstillError, match=r"name the bundle's folder with -o: .* is not a study folder"):
        export(model, console=QUIET)
    with pytest.raises(PotstillError, match="is not a study folder: it has no arms"):
        export(model, tmp_path / "bundle", arm="even", console=QUIET)
