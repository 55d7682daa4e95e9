"""A teacher that is not worth compressing: an arm as good as it is good for nothing."""

from pathlib import Path

import numpy as np
import pytest
from drawn import change_record, change_runs, report_of, runs_of
from numpy.typing import NDArray
from synthetic import write_study

from potstill.analysis.pick import pick_arm
from potstill.analysis.resampled_scores import Measurements
from potstill.analysis.results import load_results
from potstill.analysis.weak_teacher import WeakTeacher, weak_teacher
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import ArmRecord
from potstill.domain.task import Task


def weak(folder: Path) -> WeakTeacher | None:
    return weak_teacher(Measurements(load_results(folder)))


def make_tfidf(folder: Path, arm: str) -> None:
    """Have an arm of one run stand for TF-IDF."""
    record = StudyFolder(folder).record()
    change = {"kind": "tfidf", "role": "control", "seeded": False}
    arms = [each.model_copy(update=change) if each.arm == arm else each for each in record.arms]
    change_runs(folder, arm, kind="tfidf")
    change_record(folder, arms=arms)


def with_tfidf(folder: Path, shift: float, rows: int = 6000) -> Path:
    """A study whose student is as good as the teacher, and a TF-IDF so far from it."""
    write_study(folder, {"equal": 0.0, "tfidf-words": shift}, rows=rows, margin=0.03)
    record = StudyFolder(folder).record()
    first, *more = runs_of(folder, "tfidf-words")
    arms = [a.model_copy(update={"seeds": [first.seed]}) if a.arm == "tfidf-words" else a for a in record.arms]
    change_record(folder, runs=[key for key in record.runs if key not in more], arms=arms)
    make_tfidf(folder, "tfidf-words")
    return folder


def rewrite_logits(folder: Path, arm: str, logits: NDArray[np.float32]) -> None:
    for key in runs_of(folder, arm):
        np.savez(StudyFolder(folder).run(key) / "logits.npz", validation=logits, test=logits)


def test_a_teacher_clearly_above_tfidf_is_worth_it(tmp_path: Path) -> None:
    folder = with_tfidf(tmp_path, -0.9)
    assert weak(folder) is None
    assert StudyFolder(folder).record().picked == "equal"
    assert report_of(folder).advice.outcome == "as good"


def test_a_student_as_good_as_a_teacher_below_tfidf_is_not_advised(tmp_path: Path) -> None:
    folder = with_tfidf(tmp_path, 0.9)
    speaks = weak(folder)
    assert speaks
    assert (speaks.fault, speaks.against) == ("tfidf", "tfidf-words")
    assert speaks.low < speaks.estimate < speaks.high < 0
    report = report_of(folder)
    assert {row.arm: row.judgement for row in report.verdicts}["equal"] == "as good"
    assert (report.advice.outcome, report.advice.advised, report.advice.picked) == ("weak teacher", None, None)
    record = StudyFolder(folder).record()
    assert record.picked is None
    assert record.why_none
    assert record.why_none.startswith('the teacher is not worth compressing: it is not better than "tfidf-words"; its')
    assert f"{speaks.estimate:+.3f}" in record.why_none


def test_a_teacher_that_is_not_clearly_above_tfidf_is_not_shown_to_be_worth_it(tmp_path: Path) -> None:
    speaks = weak(with_tfidf(tmp_path, -0.02, rows=300))
    assert speaks
    assert speaks.low < 0 < speaks.high
    assert speaks.verdict == "the teacher is not shown to be worth compressing"
    assert 'it is not clearly better than "tfidf-words"' in speaks.describe()


def test_what_an_earlier_version_picked_is_not_advised_either(tmp_path: Path) -> None:
    folder = with_tfidf(tmp_path, 0.9)
    change_record(folder, picked="equal", why_none=None)
    report = report_of(folder)
    assert (report.picked, report.advice.outcome, report.advice.advised) == ("equal", "weak teacher", None)


def test_a_study_that_waives_it_picks_an_arm_and_is_told_nonetheless(tmp_path: Path) -> None:
    folder = with_tfidf(tmp_path, 0.9)
    change_record(folder, waived={"weak_teacher": "it reads twelve languages"})
    assert StudyFolder(folder).record().picked == "equal"
    advice = report_of(folder).advice
    assert advice.outcome == "as good"
    assert advice.weak_teacher
    assert advice.weak_teacher.waived == "it reads twelve languages"


@pytest.mark.parametrize("noise", [0.0, 1e-3], ids=["constant scores", "scores that rank a little"])
def test_a_teacher_that_always_gives_the_same_answer_is_weak_however_its_scores_rank(
    tmp_path: Path, noise: float
) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    with np.load(folder / "rows.npz") as rows:
        labels = rows["test_labels"]
    scores = (-5 + noise * (labels + np.random.default_rng(0).normal(size=600))).astype(np.float32)
    rewrite_logits(folder, "teacher", np.stack([np.zeros_like(scores), scores], axis=1))
    speaks = weak(folder)
    assert speaks
    assert (speaks.fault, speaks.answer, speaks.against) == ("constant", "fine", "majority")
    assert 'it answers every test row with "fine"' in speaks.describe()


def test_the_macro_of_a_constant_model_of_three_labels_is_chance(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    labels = np.arange(600) % 3
    np.savez(folder / "rows.npz", test_labels=labels, test_weights=np.linspace(0.1, 0.7, 600))
    task = Task(labels=("a", "b", "c"))
    right = (2 * np.eye(3)[labels] + np.random.default_rng(0).normal(size=(600, 3))).astype(np.float32)
    rewrite_logits(folder, "even", right)
    rewrite_logits(folder, "teacher", np.tile(np.array([0.1, 0.2, 0.3], dtype=np.float32), (600, 1)))
    change_record(folder, task=task, picked=None)
    speaks = weak(folder)
    assert speaks
    assert (speaks.fault, speaks.answer) == ("constant", "c")
    assert speaks.estimate == pytest.approx(0, abs=1e-9), "a third is no quality of three labels"
    # A label that is never answered is told apart by its scores: the gate is passed, and a note says it.
    rewrite_logits(
        folder, "teacher", (2 * np.eye(3)[labels]).astype(np.float32) - np.array([0, 3, 0], dtype=np.float32)
    )
    assert weak(folder) is None
    assert {row.arm: row.never for row in report_of(folder).rows}["teacher"] == ["b"]


def test_nothing_is_said_of_a_teacher_that_is_not_there_or_not_measured(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", test_labels=np.zeros(600, dtype=np.int64), test_weights=rows["test_weights"])
    assert weak(folder) is None, "one label alone defines no PR-AUC"
    arms: list[ArmRecord] = [arm for arm in StudyFolder(folder).record().arms if arm.kind != "teacher"]
    change_record(folder, arms=arms, picked=None)
    assert weak(folder) is None


def test_an_arm_that_answers_all_rows_alike_is_not_picked(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": -0.3})
    label = {"precision": 0.25, "f1": 0.4, "support": 150}
    constant = {
        "mcc": 0.0,
        "per_label": [{"label": "fine", "recall": 0.0, **label}, {"label": "toxic", "recall": 1.0, **label}],
    }
    change_runs(folder, "even", validation=constant)
    study = StudyFolder(folder)
    assert pick_arm(study, study.record()).arm == "odd"
    change_runs(folder, "odd", validation=constant)
    assert "answer every row alike" in (pick_arm(study, study.record()).why_none or "")
