from pathlib import Path

import numpy as np
from drawn import change_record, change_role, change_rule, report_of
from synthetic import write_study


def test_an_equal_arm_is_as_good_and_a_lesser_one_worse(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"equal": 0.0, "lesser": -0.7}, rows=6000, margin=0.03)
    verdicts = {row.arm: row for row in report_of(folder).verdicts}
    assert verdicts["equal"].judgement == "as good"
    assert verdicts["equal"].primary
    assert verdicts["lesser"].judgement == "worse"
    assert not verdicts["lesser"].primary
    assert len(verdicts["equal"].disagreements) == 3
    assert 0 <= verdicts["equal"].disagreements[0].p <= 1


def test_what_cannot_be_told_says_what_would_tell(tmp_path: Path) -> None:
    (verdict,) = report_of(write_study(tmp_path, {"close": 0.0}, rows=300, margin=0.03)).verdicts
    assert verdict.judgement == "unresolved"
    needs = [verdict.needs_rows, verdict.needs_seeds, verdict.needs_both]
    assert any(needs) == verdict.realistic
    assert verdict.needs_rows is None or verdict.needs_rows > 300


def test_one_seed_is_not_judged(tmp_path: Path) -> None:
    (verdict,) = report_of(write_study(tmp_path, {"alone": 0.3}, seeds=[4], rows=3000)).verdicts
    assert verdict.judgement == "unresolved"
    assert verdict.difference.seeds_error is None


def test_before_an_arm_is_picked_none_is_primary(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": 0.0})
    change_record(folder, picked=None)
    assert not any(verdict.primary for verdict in report_of(folder).verdicts)


def test_controls_are_not_judged_and_whole_models_are(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "control": 0.0, "lora": 0.0})
    change_role(folder, "control", "control")
    change_role(folder, "lora", "whole")
    assert [verdict.arm for verdict in report_of(folder).verdicts] == ["even", "lora"]


def test_no_verdict_is_given_where_none_is_asked_or_none_can_be(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    change_rule(folder, verdict=False)
    assert report_of(folder).verdicts == []
    change_rule(folder, verdict=True)
    assert report_of(folder).verdicts != []
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", test_labels=np.zeros(600, dtype=np.int64), test_weights=rows["test_weights"])
    undefined = report_of(folder)
    assert (undefined.verdicts, undefined.differences) == ([], [])
