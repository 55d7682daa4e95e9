from pathlib import Path

from drawn import report_of
from synthetic import write_study

from potstill.analysis.subgroups import SubgroupAreas
from potstill.domain.measures import Areas, CategoryRecall
from potstill.report.tables.subgroups import categories, subgroups


def group(name: str, teacher: float | None, arm: float | None) -> SubgroupAreas:
    return SubgroupAreas(
        group=name, source="people.csv", rows=1200, positives=12,
        teacher=Areas(subgroup=0.9, bpsn=teacher, bnsp=None), arm=Areas(subgroup=0.9, bpsn=arm, bnsp=None),
    )  # fmt: skip


def test_the_worst_change_comes_first(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"even": 0.0}))
    groups = [group("old", 0.75, 0.75), group("young", 0.75, 0.5), group("tall", None, 0.5)]
    table = subgroups(report.model_copy(update={"subgroups": groups}))
    assert table.title == "ROC-AUC around groups in people.csv, even beside the teacher"
    assert table.body[0] == ["young", "1,200", "12", "0.900", "+0.000", "0.750", "-0.250", "-", "-"]
    assert [line[0] for line in table.body] == ["young", "old", "tall"]
    assert table.body[2][5:7] == ["-", "-"]


def test_categories_stand_side_by_side(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"even": 0.0}))
    assert categories(report).body == []
    recall = CategoryRecall(category="irony", positives=3, negatives=4, recall=0.5, false_positive_rate=None)
    both = {"teacher": [recall], "even": [recall.model_copy(update={"recall": 0.25})]}
    table = categories(report.model_copy(update={"categories": both}))
    assert table.head[3:] == ["teacher recall", "teacher false alarms", "even recall", "even false alarms"]
    assert table.body == [["irony", "3", "4", "0.50", "-", "0.25", "-"]]
