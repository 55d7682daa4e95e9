from pathlib import Path

from drawn import report_of
from synthetic import write_study

from potstill.report.prose import in_words
from potstill.report.render.notebook import fragment

HOSTILE = "<script>window.ran=1</script>"


def test_the_answer_the_tables_that_decide_and_the_pictures_are_there(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"even": 0.0, "odd": -0.6}, words=HOSTILE))
    shown = fragment(report)
    assert shown.index("<h4>") < shown.index("<p>") < shown.index("<table>") < shown.index("<img ")
    assert shown.count("<img ") == 4
    assert "data:image/svg+xml;base64," in shown
    assert "<script" not in shown
    assert in_words(report)._repr_html_() == shown  # pyright: ignore[reportPrivateUsage]


def test_its_tables_are_data_frames(tmp_path: Path) -> None:
    report = in_words(report_of(write_study(tmp_path, {"even": 0.0, "odd": -0.6})))
    frame = report.to_frame()
    assert list(frame["arm"]) == [row.arm for row in report.rows]
    teacher = frame[frame["arm"] == "teacher"].iloc[0]
    assert teacher["figures.pr_auc.mean"] == next(r for r in report.rows if r.arm == "teacher").figures["pr_auc"].mean
    assert list(report.to_frame("differences")["estimate"]) == [d.estimate for d in report.differences]
    assert len(report.to_frame("verdicts")) == len(report.verdicts)
