from pathlib import Path

import pytest
from drawn import change_runs, report_of
from synthetic import write_study


def test_the_teacher_stands_at_nothing_and_arms_beside_it(tmp_path: Path) -> None:
    points = {point.arm: point for point in report_of(write_study(tmp_path, {"even": -0.3})).trade_offs}
    assert (points["teacher"].difference, points["teacher"].megabytes) == (0, 4)
    assert points["even"].difference < 0
    assert points["even"].low < points["even"].difference < points["even"].high
    assert points["even"].milliseconds == pytest.approx(1000 / 101)
    assert points["even"].milliseconds_spread == pytest.approx(1000 / 101 / 101), "to the first order"
    assert points["teacher"].milliseconds_spread is None


def test_the_front_holds_what_no_other_beats(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": -0.3, "odd": -0.9})
    change_runs(folder, "even", cost={"bytes": 2_000_000, "texts_per_second": 50.0})
    change_runs(folder, "odd", cost={"bytes": 3_000_000, "texts_per_second": 900.0})
    points = report_of(folder).trade_offs
    assert [point.arm for point in points if point.smallest] == ["teacher", "even"]
    assert [point.arm for point in points if point.quickest] == ["teacher", "odd"]


def test_what_a_gate_refuses_or_nobody_timed_is_left_out(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": -0.3, "odd": -0.9})
    change_runs(folder, "odd", waived={"layer_order": "to see"})
    change_runs(folder, "even", cost={"texts_per_second": None})
    points = {point.arm: point for point in report_of(folder).trade_offs}
    assert list(points) == ["teacher", "even"]
    assert points["even"].milliseconds is None
    assert not points["even"].quickest
