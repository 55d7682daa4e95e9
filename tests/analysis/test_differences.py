from pathlib import Path

from drawn import arms_of, change_rule
from synthetic import write_study

from potstill.analysis.differences import control_of, difference, differences
from potstill.analysis.resampled_scores import Measurements
from potstill.analysis.results import load_results


def test_a_difference_has_an_interval_that_holds_its_estimate(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"one": -0.1}))
    arms, measured = arms_of(results), Measurements(results)
    row = difference(measured, arms["one"], arms["teacher"])
    assert (row.arm, row.against, row.seeds) == ("one", "teacher", 3)
    assert row.low < row.estimate < row.high
    assert row.seeds_error is not None
    against_itself = difference(measured, arms["one"], arms["one"])
    assert (against_itself.low, against_itself.high) == (0, 0)
    alone = difference(measured, arms["teacher"], arms["teacher"])
    assert (alone.seeds, alone.seeds_error) == (1, 0), "no seed changes the teacher"


def test_every_arm_is_compared_with_the_teacher_and_with_its_control(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"even": 0.0, control_of("even"): -0.3}))
    pairs = [(row.arm, row.against) for row in differences(Measurements(results))]
    assert pairs == [("even", "teacher"), ("finetune-even", "teacher"), ("even", "finetune-even")]


def test_what_the_study_asks_is_answered_where_both_arms_ran(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "lesser": -0.9}, rows=3000)
    change_rule(folder, questions={"Is one better?": ("one", "lesser"), "And one that never ran?": ("one", "gone")})
    rows = differences(Measurements(load_results(folder)))
    (answer,) = [row for row in rows if row.question]
    assert (answer.question, answer.arm, answer.against) == ("Is one better?", "one", "lesser")
    assert answer.low > 0
