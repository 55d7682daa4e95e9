from pathlib import Path

from drawn import arms_of, change_record, report_of
from synthetic import write_study

from potstill.analysis.report import FORMAT, Report
from potstill.analysis.results import load_results
from potstill.domain.study_record import RateTrial


def test_the_report_says_what_was_written_down(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": -0.3})
    trial = RateTrial(family="student", learning_rate=1e-4, validation_pr_auc=0.5, chosen=True)
    change_record(folder, rate_trials=[trial], picked="odd", seeds=[0, 1, 2])
    report, record = report_of(folder), load_results(folder).record
    assert (report.format, report.study, report.picked, report.test_rows) == (FORMAT, "drawn", "odd", 600)
    assert report.flips is not None
    assert report.flips.arm == "odd", "the pick is read and never made again"
    assert [row.arm for row in report.rows] == list(arms_of(load_results(folder)))
    assert report.rate_trials == [trial]
    assert report.provenance.versions == {"potstill": "0", "commit": "abc"}
    assert report.provenance.fingerprints == {"test: drawn": "sha256:0"}
    assert report.provenance.study == record.study
    assert report.account == ["test: drawn: 600 rows = 600 used"]


def test_it_survives_being_written_and_two_readings_agree(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    report = report_of(folder)
    assert Report.model_validate_json(report.model_dump_json()) == report == report_of(folder)
