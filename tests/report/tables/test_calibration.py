from pathlib import Path

from drawn import report_of
from synthetic import write_study

from potstill.report.tables.calibration import calibration


def test_every_model_stands_before_and_after_its_temperature(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"even": 0.0}))
    table = calibration(report)
    assert [line[:2] for line in table.body] == [["teacher", "1.20"], ["even", "1.20"]]
    assert table.body[1][2] == f"{report.curves.calibration[1].ece_before:.3f}"
    assert len(table.body[0]) == len(table.head)
