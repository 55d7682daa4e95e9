from pathlib import Path

import pytest
from drawn import change_runs, report_of
from synthetic import write_study

from potstill.analysis.pick import (
    Candidate,
    best_on_validation,
    candidate_of,
    eligible,
    mean_validation_pr_auc,
    pick_arm,
)
from potstill.analysis.results import load_results
from potstill.domain.measures import Measures
from potstill.domain.record import RunRecord
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import Role

TEACHER = Candidate("teacher", "teacher", "control", 0.9, 1000.0, waived=False)


def candidate(
    arm: str, score: float | None, *, role: Role = "smaller", size: float = 500, waived: bool = False
) -> Candidate:
    return Candidate(arm, "student", role, score, size, waived)


def run(score: float | None, *, seed: int = 0, failed: bool = False) -> RunRecord:
    measured = Measures(rows=9, accuracy=1, macro_f1=1, pr_auc=score, roc_auc=None, mcc=1, per_label=[])
    return RunRecord(
        arm="a", kind="student", seed=seed, digest="d", status="failed" if failed else "done",
        validation=None if failed else measured,
    )  # fmt: skip


def test_the_arm_is_picked_on_validation_whatever_test_says(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "two": -0.5})
    study = StudyFolder(folder)
    assert pick_arm(study, study.record()).arm == "one"
    for arm, score in (("one", 0.2), ("two", 0.3), ("teacher", 0.9)):
        change_runs(folder, arm, validation={"pr_auc": score})
    assert pick_arm(study, study.record()).arm == "two"
    assert report_of(folder).picked == "one", "what was written down is read, and not decided again"


def test_the_rule_asks_for_smaller_models_or_for_any() -> None:
    whole, large = candidate("whole", 0.8, role="whole"), candidate("own encoder", 0.85, size=1000)
    small, control = candidate("small", 0.7), candidate("control", 0.99, role="control")
    everything = [TEACHER, whole, large, small, control]
    assert [each.arm for each in eligible(everything, "student")] == ["small"], "as large as the teacher is not smaller"
    assert [each.arm for each in eligible(everything, "any")] == ["whole", "own encoder", "small"]
    assert best_on_validation(eligible(everything, "any")) == "own encoder"
    assert [each.arm for each in eligible([small, large], "student")] == ["small", "own encoder"], "without a teacher"


def test_what_did_not_finish_or_was_waived_is_never_picked() -> None:
    assert eligible([TEACHER, candidate("failed", None), candidate("waived", 0.9, waived=True)], "any") == []
    assert best_on_validation([]) is None


def test_the_first_of_equals_is_picked() -> None:
    assert best_on_validation([candidate("first", 0.5), candidate("second", 0.5)]) == "first"


def test_scores_are_means_over_the_seeds_that_finished(tmp_path: Path) -> None:
    arm = load_results(write_study(tmp_path, {"even": 0.0})).arms[1].record
    seen = candidate_of(arm, [run(0.4), run(0.6, seed=1), run(None, seed=2, failed=True)])
    assert (seen.arm, seen.role, seen.validation_pr_auc) == ("even", "smaller", pytest.approx(0.5))
    assert candidate_of(arm, [run(None, failed=True)]).parameters is None
    assert mean_validation_pr_auc([run(0.4), run(None)]) is None, "undefined for one seed"
    assert mean_validation_pr_auc([]) is None
