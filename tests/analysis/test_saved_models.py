from pathlib import Path

import pytest
from drawn import change_record, change_runs, runs_of
from synthetic import write_study

from potstill.analysis.saved_models import picked_model
from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import StudyFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study whose students kept their models."""
    place = write_study(tmp_path / "study", {"one": 0.0, "two": -0.5})
    for arm in ("one", "two"):
        for key in runs_of(place, arm):
            StudyFolder(place).model(key).mkdir()
    return place


def test_the_picked_arms_first_finished_seed_unless_another_is_named(folder: Path) -> None:
    assert picked_model(folder) == StudyFolder(folder).model(runs_of(folder, "one")[0])
    assert picked_model(StudyFolder(folder), "two") == StudyFolder(folder).model(runs_of(folder, "two")[0])
    change_record(folder, picked="two")
    assert picked_model(folder).parent.name.startswith("two-s0-"), "what was picked is read"
    first = StudyFolder(folder).run(runs_of(folder, "two")[0]) / "run.json"
    first.write_text(first.read_text().replace('"done"', '"failed"'))
    assert picked_model(folder).parent.name.startswith("two-s1-")


def test_why_there_is_no_picked_model(folder: Path) -> None:
    change_record(folder, picked=None)
    with pytest.raises(PotstillError, match=r"none that \[rule\] pick asks for has finished"):
        picked_model(folder)
    StudyFolder(folder).run(runs_of(folder, "one")[0]).rename(folder / "away")
    with pytest.raises(PotstillError, match="no arm is picked yet: 6 of 7 runs are there"):
        picked_model(folder)


def test_an_arm_without_a_model_names_those_that_have_one(folder: Path) -> None:
    for arm in ("teacher", "gone"):
        with pytest.raises(PotstillError, match=f'no saved model of an arm "{arm}"; it has one, two'):
            picked_model(folder, arm)
    change_runs(folder, "one", status="failed")
    with pytest.raises(PotstillError, match="it has two"):
        picked_model(folder, "one")
    with pytest.raises(PotstillError, match="is not a study folder"):
        picked_model(folder.parent)
