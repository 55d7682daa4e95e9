import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn import change_runs, report_of, runs_of
from synthetic import write_study

from potstill.analysis.upgrade import upgrade_study
from potstill.cli.main import main
from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import StudyFolder


def downgrade(folder: Path, change: Callable[[dict[str, Any]], None] = lambda content: None) -> None:
    """Write a study's files as the version before wrote them."""
    study = StudyFolder(folder)
    record = study.record()
    content = record.model_dump(mode="json", exclude={"format", "picked", "rate_trials", "root"})
    content["runs"] = {f"{key.arm}/s{key.seed}": key.folder for key in record.runs}
    content["search"] = [{"family": "student", "learning_rate": 1e-4, "validation_pr_auc": None, "chosen": False}]
    for arm in content["arms"]:
        arm["words"] = arm.pop("description")
    change(content)
    study.record_file.write_text(json.dumps(content))
    for path in study.ledger.glob("*/run.json"):
        run = json.loads(path.read_text())
        del run["format"]
        run["settings"] = {"words": run.pop("description")}
        run["cost"]["comments_per_second"] = run["cost"].pop("texts_per_second")
        path.write_text(json.dumps(run))


def test_a_study_of_format_1_becomes_the_same_study(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "two": -0.5})
    before, report = StudyFolder(folder).record(), report_of(folder)
    downgrade(folder)
    with pytest.raises(PotstillError, match="potstill upgrade"):
        report_of(folder)
    done = upgrade_study(StudyFolder(folder))
    assert not done.current
    assert done.describe() == "study.json is now of format 2: 3 arms, 7 runs; picked on validation: one"
    after = StudyFolder(folder).record()
    assert after == done.record
    assert after.model_copy(update={"rate_trials": []}) == before
    assert [trial.family for trial in after.rate_trials] == ["student"]
    again = report_of(folder)
    assert (again.rows, again.verdicts, again.advice) == (report.rows, report.verdicts, report.advice)
    assert not list(folder.glob(".*")), "nothing is left behind"


def test_what_format_1_did_not_say_is_filled_in_and_what_it_said_too_much_is_dropped(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0})

    def older(content: dict[str, Any]) -> None:
        del content["test_fingerprint"], content["rule"]["verdict"], content["rule"]["questions"]
        content |= {"threshold": "best_f1", "notes": ["in the account now"]}
        content["rule"]["compare"] = []
        for arm in content["arms"]:
            del arm["seeded"]

    downgrade(folder, older)
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", **rows, test_fingerprint=np.array("these rows"))
    record = upgrade_study(StudyFolder(folder)).record
    assert {arm.arm: arm.seeded for arm in record.arms} == {"teacher": False, "one": True}
    assert record.rule.verdict
    assert (record.test_fingerprint, record.root) == ("these rows", None)


def test_the_arm_is_picked_once_and_only_when_all_runs_are_there(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study", {"one": 0.0, "two": -0.5})
    study, key = StudyFolder(folder), runs_of(folder, "two")[1]
    downgrade(folder)
    study.run(key).rename(tmp_path / "away")
    cut = upgrade_study(study)
    assert cut.record.picked is None
    assert "no arm is picked yet, since 6 of 7 runs are there" in cut.describe()
    assert key.digest[:12] in {run.digest for run in cut.record.runs}, "named by what its folder's name tells"
    assert study.run(cut.record.runs_of("two")[1]) == study.run(key)
    (tmp_path / "away").rename(study.run(key))
    change_runs(folder, "two", validation={"pr_auc": 1.0})
    current = upgrade_study(study)
    assert current.current
    assert current.record == cut.record, "what is current is left alone"


def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_study(tmp_path, {"one": 0.0})
    downgrade(folder)
    assert main(["upgrade", str(folder)]) == 0
    assert "study.json is now of format 2" in capsys.readouterr().out
    content = (folder / "study.json").read_bytes()
    assert main(["upgrade", str(folder)]) == 0
    assert "nothing is changed" in capsys.readouterr().out
    assert (folder / "study.json").read_bytes() == content
    assert main(["upgrade", str(tmp_path / "nowhere")]) == 1
    assert "is not a study folder" in capsys.readouterr().err


def test_a_rule_that_picks_no_arm_is_said(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0})
    downgrade(folder)
    change_runs(folder, "one", waived={"layer_order": "to see"})
    assert "; no arm is picked: none that [rule] pick asks for" in upgrade_study(StudyFolder(folder)).describe()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("[]", "is not a JSON object"),
        ("{", "is damaged"),
        ('{"name": "drawn"}', "cannot be converted: it has no 'rule'"),
        ('{"format": 3}', "a later potstill wrote"),
    ],
)
def test_what_is_damaged_is_left_alone(tmp_path: Path, content: str, match: str) -> None:
    folder = write_study(tmp_path, {"one": 0.0})
    (folder / "study.json").write_text(content)
    with pytest.raises(PotstillError, match=match):
        upgrade_study(StudyFolder(folder))
    assert (folder / "study.json").read_text() == content


def test_a_folder_of_another_name_is_not_taken_for_a_run(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0})
    downgrade(folder, lambda content: content["runs"].update({"one/s0": "two-s0-abc"}))
    with pytest.raises(PotstillError, match="cannot be in a folder called two-s0-abc"):
        upgrade_study(StudyFolder(folder))
