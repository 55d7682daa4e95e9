"""A run that was edited afterwards does not pass for what was measured."""

import json
from pathlib import Path

import numpy as np
import pytest
from drawn import change_runs, report_of, runs_of, seal_runs
from synthetic import write_study

from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import StudyFolder
from potstill.ledger.ledger import read_record
from potstill.ledger.seals import seal_of
from potstill.report.pack import pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study whose runs have their hashes."""
    place = write_study(tmp_path / "study", {"even": 0.0, "odd": -0.3})
    seal_runs(place)
    return place


def test_a_run_is_as_it_was_written(folder: Path) -> None:
    record = read_record(StudyFolder(folder).run(runs_of(folder, "even")[0]))
    assert len(record.seal) == len(record.files["logits.npz"]) == 64
    assert report_of(folder).warnings == []


@pytest.mark.parametrize(
    "change",
    [{"test": {"pr_auc": 0.99}}, {"validation": {"pr_auc": 0.99}}, {"seed": 5}, {"status": "failed"}, {"files": []},
     {"cost": {"texts_per_second": 1e6}}, {"unknown": "key"}],
    ids=str,
)  # fmt: skip
def test_a_figure_that_was_edited_is_refused_by_the_name_of_the_run(folder: Path, change: dict[str, object]) -> None:
    change_runs(folder, "odd", **change)
    with pytest.raises(PotstillError, match=r"odd-s0-\w+/run.json was changed after .*Move that folder away"):
        report_of(folder)


def test_logits_that_were_edited_are_refused(folder: Path) -> None:
    place = StudyFolder(folder).run(runs_of(folder, "odd")[1])
    with np.load(place / "logits.npz") as logits:
        better = {name: logits[name] * 2 for name in logits.files}
    np.savez(place / "logits.npz", allow_pickle=False, **better)
    with pytest.raises(PotstillError, match=r"odd-s1-\w+/logits.npz was changed after the run was made"):
        report_of(folder)


def test_white_space_and_the_order_of_keys_are_no_edit(folder: Path) -> None:
    path = StudyFolder(folder).run(runs_of(folder, "even")[0]) / "run.json"
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps(dict(reversed(content.items())), indent=7))
    assert read_record(path.parent).arm == "even"
    assert seal_of({"b": 1, "a": 2.5, "seal": "x"}) == seal_of({"a": 2.5, "b": 1})


def test_runs_of_an_earlier_version_are_read_and_said_where_others_have_a_hash(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    assert report_of(folder).warnings == []
    seal_runs(folder)
    path = StudyFolder(folder).run(runs_of(folder, "even")[2]) / "run.json"
    content = json.loads(path.read_bytes())
    del content["seal"], content["files"]
    content["test"]["pr_auc"] = 0.99
    path.write_text(json.dumps(content))
    (warning,) = report_of(folder).warnings
    assert warning.startswith("runs without a hash, beside others that have one")
    assert path.parent.name in warning


def test_a_packed_study_has_hashes_of_its_own(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    pack(folder, packed)
    before = report_of(packed)
    assert before.warnings == []
    change_runs(packed, "even", test={"pr_auc": 0.99})
    with pytest.raises(PotstillError, match=r"even-s0-\w+/run.json was changed"):
        report_of(packed)


def test_labels_that_were_edited_are_refused(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    pack(folder, packed)
    with np.load(packed / "rows.npz") as rows:
        np.savez(packed / "rows.npz", **{**rows, "test_labels": 1 - rows["test_labels"]})
    with pytest.raises(PotstillError, match=r"rows.npz was changed after study.json was written; run the study again"):
        report_of(packed)
