from pathlib import Path

from drawn import change_rule, report_of
from synthetic import write_study

from potstill.report.document import build_document
from potstill.report.prose import answer_of


def test_the_tables_come_in_reading_order_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "two": -0.5})
    report = report_of(folder)
    document = build_document(report)
    assert document.title == "Study drawn"
    assert document.answer == " ".join(answer_of(report))
    assert [table.key for table in document.tables] == [
        "quality", "verdicts", "errors", "differences", "labels", "labels", "more", "cost", "calibration",
        "disagreements", "flips",
    ]  # fmt: skip
    change_rule(folder, questions={"Is one better?": ("one", "two")}, verdict=False)
    keys = [table.key for table in build_document(report_of(folder)).tables]
    assert keys[:3] == ["quality", "questions", "differences"]


def test_without_the_clock_two_runs_of_a_study_say_the_same(tmp_path: Path) -> None:
    document = build_document(report_of(write_study(tmp_path, {"one": 0.0})), timed=False)
    (cost,) = [table for table in document.tables if table.key == "cost"]
    assert cost.head == ["arm", "parameters", "trained", "MB", "train tokens"]
