from pathlib import Path

import numpy as np
import pytest
from drawn import change_record, change_role, change_rule, change_runs, report_of, runs_of
from synthetic import write_study

from potstill.analysis.advice import Advice, Evidence, advise
from potstill.analysis.differences import Difference
from potstill.analysis.rows import Figure, Row
from potstill.analysis.verdicts import VerdictRow
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import Role


def advice_of(folder: Path) -> Advice:
    return report_of(folder).advice


def test_an_arm_that_is_as_good_is_the_one_to_take(tmp_path: Path) -> None:
    advice = advice_of(write_study(tmp_path, {"equal": 0.0, "lesser": -0.7}, rows=6000, margin=0.03))
    assert (advice.outcome, advice.is_shown) == ("as good", True)
    assert advice.picked
    assert advice.advised == advice.picked
    assert (advice.picked.arm, advice.picked.description) == ("equal", "drawn")
    assert (advice.picked.parameter_share, advice.picked.kept, advice.picked.depth) == (0.7, 3, 6)
    assert advice.would_tell is advice.control is None
    assert (advice.runs_made, advice.runs_planned) == (7, 7)


def test_where_the_picked_arm_is_worse_another_that_is_as_good_is_advised(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"equal": 0.0, "lesser": -0.9}, rows=6000, margin=0.03)
    change_record(folder, picked="lesser")
    advice = advice_of(folder)
    assert advice.outcome == "worse"
    assert advice.advised
    assert (advice.advised.arm, advice.is_shown) == ("equal", True)
    change_role(folder, "equal", "whole")
    change_record(folder, picked="lesser")
    alone = advice_of(folder)
    assert (alone.advised, alone.is_shown) == (None, False), "who asks for a smaller model is not told to take it"
    assert alone.as_good_but_not_asked_for == ["equal"]


def test_where_nothing_is_shown_the_best_supported_arm_is_advised_with_what_would_tell(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"close": 0.0, "closer": 0.05}, rows=300, margin=0.03)
    change_record(folder, picked="close")
    report = report_of(folder)
    advice, verdicts = report.advice, {row.arm: row for row in report.verdicts}
    assert (advice.outcome, advice.is_shown, advice.all_smaller) == ("unresolved", False, True)
    assert advice.picked
    assert advice.picked.arm == "close"
    assert advice.advised
    assert advice.advised.arm == max(verdicts, key=lambda arm: verdicts[arm].difference.low)
    assert advice.would_tell
    close = verdicts["close"]
    wanted = (close.needs_rows, close.needs_seeds, close.needs_both)
    assert (advice.would_tell.rows, advice.would_tell.seeds, advice.would_tell.both) == wanted
    assert (advice.would_tell.obstacle is None) == close.realistic


@pytest.mark.parametrize(
    ("estimate", "hopeless", "seeds_error", "obstacle"),
    [
        (-0.03, True, 0.01, "beyond the margin"),
        (-0.015, True, 0.01, "at the margin"),
        (-0.005, False, 0.01, "too uncertain"),
        (-0.005, False, None, "one seed"),
    ],
)
def test_obstacles_are_named(estimate: float, hopeless: bool, seeds_error: float | None, obstacle: str) -> None:
    difference = Difference(
        arm="even", against="teacher", estimate=estimate, low=-0.1, high=0.1, seeds=3, rows_error=0.01,
        seeds_error=seeds_error,
    )  # fmt: skip
    verdict = VerdictRow(
        arm="even", judgement="unresolved", below=False, primary=True, difference=difference, hopeless=hopeless
    )  # fmt: skip
    evidence = Evidence(
        picked="even", eligible=["even"], rows=[row("teacher", "control"), row("even", "smaller")], layers=[],
        verdicts=[verdict], differences=[difference], margin=0.02, runs_made=2, runs_planned=2,
    )  # fmt: skip
    advice = advise(evidence)
    assert advice.would_tell
    assert advice.would_tell.obstacle == obstacle


def row(arm: str, role: Role) -> Row:
    figure = Figure(mean=0.5, spread=None)
    return Row(
        arm=arm, kind="teacher" if arm == "teacher" else "student", role=role, description="drawn", layers="",
        seeds=[0], missing=[], failures={}, figures={"pr_auc": figure, "parameters": figure}, validation_pr_auc=0.5,
    )  # fmt: skip


def test_an_interval_over_rows_alone_does_not_stand_beside_others(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"alone": 0.1, "several": 0.0}, rows=300, margin=0.01)
    study = StudyFolder(folder)
    for key in runs_of(folder, "alone")[1:]:
        study.run(key).rename(tmp_path / key.folder)
    record = study.record()
    change_record(folder, runs=[key for key in record.runs if study.run(key).is_dir()], picked="several")
    advice = advice_of(folder)
    assert advice.advised
    assert advice.advised.arm == "several"


def test_what_the_control_says_of_the_teacher(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "finetune-even": -0.7}, rows=3000)
    change_role(folder, "finetune-even", "control")
    control = advice_of(folder).control
    assert control
    assert control.differs
    assert control.low < control.estimate < control.high < 0, "the control stands below"
    single = write_study(tmp_path / "single", {"even": 0.0, "finetune-even": -0.7}, seeds=[0])
    change_role(single, "finetune-even", "control")
    alone = advice_of(single).control
    assert alone
    assert alone.differs is None, "over rows alone nothing is said of other seeds"


def test_without_a_verdict_the_picked_arm_is_described(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    change_rule(folder, verdict=False)
    advice = advice_of(folder)
    assert (advice.outcome, advice.advised) == ("not judged", None)
    assert advice.picked
    assert advice.picked.arm == "even"
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", test_labels=np.zeros(600, dtype=np.int64), test_weights=rows["test_weights"])
    assert advice_of(folder).outcome == "undefined"


def test_before_a_study_has_ended_no_arm_is_advised(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": 0.0})
    change_record(folder, picked=None)
    stopped = advice_of(folder)
    assert (stopped.outcome, stopped.runs_made, stopped.runs_planned) == ("unfinished", 7, 7)
    study = StudyFolder(folder)
    for key in runs_of(folder, "odd"):
        study.run(key).rename(tmp_path / key.folder)
    cut = advice_of(folder)
    assert (cut.outcome, cut.runs_made, cut.runs_planned, cut.picked) == ("unfinished", 4, 7, None)
    change_record(folder, picked="odd")
    assert advice_of(folder).outcome == "unfinished", "its runs were taken away"


def test_why_none_is_picked(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0}, rows=6000, margin=0.03)
    change_role(folder, "even", "whole")
    large = advice_of(folder)
    assert (large.outcome, large.as_good_but_not_asked_for) == ("none eligible", ["even"])
    change_runs(folder, "even", waived={"layer_order": "to see"})
    assert advice_of(folder).outcome == "all waived"
    change_runs(folder, "even", status="failed", reason="no memory")
    failed = advice_of(folder)
    assert (failed.outcome, failed.failed) == ("nothing finished", ["even"])
