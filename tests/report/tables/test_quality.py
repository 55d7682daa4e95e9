from pathlib import Path

from drawn import change_runs, report_of
from synthetic import write_study

from potstill.report.tables.quality import cost, further_measures, labels, quality


def test_the_first_table_has_the_declared_metric_and_marks(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    table = quality(report_of(folder))
    assert table.title.startswith("Test, 600 rows: mean ± standard deviation")
    assert table.head == ["arm", "layers", "PR-AUC", "accuracy", "MCC"]
    (teacher, even) = table.body
    assert teacher[:2] == ["teacher", "-"]
    assert "±" not in teacher[2], "a single run"
    assert even[:2] == ["even", "[1,3,5] of 6"]
    assert "±" in even[2]
    change_runs(folder, "even", waived={"layer_order": "to see"})
    assert quality(report_of(folder)).body[1][0] == "even †"


def test_cost_is_in_texts_a_second_and_can_leave_out_the_clock(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"even": 0.0}))
    table = cost(report, timed=True)
    assert table.head == ["arm", "parameters", "trained", "MB", "train tokens", "train s", "texts/s"]
    assert table.body[1] == ["even", "700", "700", "4.0", "0", "0 ± 0", "101 ± 1"]
    assert cost(report, timed=False).head[-1] == "train tokens"


def test_an_arm_that_has_no_figure_shows_a_dash(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    change_runs(folder, "even", test={"roc_auc": None})
    table = further_measures(report_of(folder))
    assert table.head == ["arm", "ROC-AUC", "macro-F1"]
    assert table.body[1][1] == "-"


def test_the_positive_label_comes_first(tmp_path: Path) -> None:
    tables = labels(report_of(write_study(tmp_path, {"even": 0.0})))
    assert [table.title for table in tables] == [
        'Label "toxic" on test, at the fitted threshold', 'Label "fine" on test, at the fitted threshold',
    ]  # fmt: skip
    assert tables[0].head == ["arm", "precision", "recall", "F1"]
