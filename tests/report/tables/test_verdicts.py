from pathlib import Path

from drawn import report_of
from synthetic import write_study

from potstill.report.tables.verdicts import disagreements, errors, verdicts


def test_each_arm_has_its_verdict_and_what_would_show_it(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"equal": 0.0, "lesser": -0.7}, rows=6000, margin=0.03))
    table = verdicts(report)
    assert table.title == "As good as the teacher within 0.03 of test PR-AUC?"
    equal, lesser = table.body
    assert equal[0] == "equal (picked)"
    assert equal[1].startswith("as good")
    assert equal[4] == "shown"
    assert (lesser[0], lesser[1], lesser[4]) == ("lesser", "worse", "no realistic number")
    assert lesser[3] == f"{report.verdicts[1].difference.low:+.3f} to {report.verdicts[1].difference.high:+.3f}"


def test_what_would_show_it_is_in_rows_and_seeds(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"close": 0.0}, rows=300, margin=0.03))
    needs = {"needs_rows": 4000, "needs_seeds": 9, "needs_both": None, "realistic": True}
    verdict = report.verdicts[0].model_copy(update=needs)
    shown = verdicts(report.model_copy(update={"verdicts": [verdict]}))
    assert shown.body[0][-1] == "4,000 rows or 9 seeds"
    both = verdict.model_copy(update={"needs_rows": None, "needs_seeds": None, "needs_both": (2000, 5)})
    assert verdicts(report.model_copy(update={"verdicts": [both]})).body[0][-1] == "2,000 rows and 5 seeds"


def test_one_seed_has_no_error_over_seeds(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"alone": 0.0}, seeds=[0]))
    assert errors(report).body[0][3] == "one seed"
    assert verdicts(report).body[0][-1] == "more seeds"


def test_disagreements_are_counted_for_each_seed(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"even": 0.0}))
    assert [line[:2] for line in disagreements(report).body] == [["even", "0"], ["even", "1"], ["even", "2"]]
