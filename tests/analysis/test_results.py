import json
from pathlib import Path

import numpy as np
import pytest
from drawn import arms_of, change_record, change_runs, runs_of
from synthetic import write_study

from potstill.analysis.results import is_made, load_results, read_run
from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import StudyFolder


def test_a_folder_is_read_by_its_path_or_as_a_study(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    results = load_results(folder)
    assert [arm.name for arm in load_results(StudyFolder(folder)).arms] == [arm.name for arm in results.arms]
    even = arms_of(results)["even"]
    assert [run.record.seed for run in even.done] == [0, 1, 2]
    assert even.done[0].logits.shape == (600, 2)
    assert even.done[0].folder == StudyFolder(folder).run(even.done[0].record.key)
    assert (even.layers, even.role, even.seeded, even.waived) == ("[1,3,5] of 6", "smaller", True, False)
    assert results.runs_made == 4
    assert results.arm("teacher") is not None
    assert results.arm_named("gone") is results.arm_named(None) is None


def test_a_run_that_is_not_there_yet_is_left_out_and_a_failed_one_has_no_logits(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": 0.0})
    study, (first, *_) = StudyFolder(folder), runs_of(folder, "even")
    study.run(first).rename(tmp_path / "away")
    change_runs(folder, "odd", status="failed", reason="it did")
    arms = arms_of(load_results(folder))
    assert [run.record.seed for run in arms["even"].runs] == [1, 2]
    assert (len(arms["odd"].runs), arms["odd"].done) == (3, [])
    assert not is_made(study, first)
    assert read_run(study, first) is None


def test_what_cannot_be_read_says_what_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match="is not a study folder"):
        load_results(tmp_path)
    folder = write_study(tmp_path, {"even": 0.0})
    run = StudyFolder(folder).run(runs_of(folder, "even")[0]) / "run.json"
    run.write_text("{")
    with pytest.raises(PotstillError, match=r"is not a readable run: (?s:.*); move the folder away"):
        load_results(folder)
    (folder / "rows.npz").unlink()
    with pytest.raises(PotstillError, match=r"cannot be read: .*; run the study again"):
        load_results(folder)


def test_a_record_and_rows_of_two_studies_are_refused(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", **rows, test_fingerprint=np.array("these"))
    change_record(folder, test_fingerprint="these")
    assert load_results(folder).record.test_fingerprint == "these"
    change_record(folder, test_fingerprint="others", picked=None)
    with pytest.raises(PotstillError, match="not of the same rows"):
        load_results(folder)


def test_a_record_of_an_earlier_version_names_the_way_out(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    content = json.loads((folder / "study.json").read_text())
    del content["format"]
    (folder / "study.json").write_text(json.dumps(content))
    with pytest.raises(PotstillError, match="potstill upgrade"):
        load_results(folder)
