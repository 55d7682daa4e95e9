from pathlib import Path

from drawn import change_rule, report_of
from synthetic import write_study

from potstill.report.document import build_document
from potstill.report.render.markdown import markdown
from potstill.report.tables.differences import differences, questions


def test_what_the_study_asks_is_answered(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "lesser": -0.9}, rows=3000)
    asked = {
        "Is one | better?": ("one", "lesser"), "Is it worse?": ("lesser", "one"), "Is it another?": ("one", "one"),
        "And one that never ran?": ("one", "gone"),
    }  # fmt: skip
    change_rule(folder, questions=asked)
    report = report_of(folder)
    assert [[line[0], line[-1]] for line in questions(report).body] == [
        ["Is one | better?", "higher"], ["Is it worse?", "lower"], ["Is it another?", "neither"],
    ]  # fmt: skip
    assert "Is one \\| better?" in markdown(build_document(report))
    assert ["one", "lesser"] not in [line[:2] for line in differences(report).body]


def test_what_an_interval_is_over_is_said(tmp_path: Path) -> None:
    several = differences(report_of(write_study(tmp_path / "several", {"one": 0.0})))
    assert several.body[0][-1] == "3 seeds"
    alone = differences(report_of(write_study(tmp_path / "alone", {"one": 0.0}, seeds=[0])))
    assert alone.body[0][-1] == "1 seed"
