from pathlib import Path

from drawn import change_record, report_of
from synthetic import write_study

from potstill.report.tables.flips import flips


def test_of_two_labels_both_cannot_be_wrong_and_differ(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    report = report_of(folder)
    table = flips(report)
    assert table.head == [
        "teacher's probability of toxic", "all rows", "only the teacher is right", "only even is right"
    ]  # fmt: skip
    assert [line[0] for line in table.body][::4] == ["0.0 to 0.2", "0.8 to 1.0"]
    several = flips(report.model_copy(update={"positive": None}))
    assert (several.head[0], several.head[-1]) == ("teacher's probability of its own label", "both wrong")
    assert len(several.body[0]) == 5
    change_record(folder, picked=None)
    assert flips(report_of(folder)).body == []
