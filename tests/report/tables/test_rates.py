from pathlib import Path

from drawn import report_of
from synthetic import write_study

from potstill.domain.study_record import RateTrial
from potstill.report.tables.rates import rate_trials


def test_every_trial_is_shown_and_a_failed_one_says_so(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"even": 0.0}))
    trials = [
        RateTrial(family="student", learning_rate=3e-3, validation_pr_auc=0.25, chosen=True),
        RateTrial(family="student", learning_rate=1e30, validation_pr_auc=None, chosen=False),
    ]
    assert rate_trials(report).body == []
    assert rate_trials(report.model_copy(update={"rate_trials": trials})).body == [
        ["student", "0.003", "0.250", "chosen"], ["student", "1e+30", "failed", ""],
    ]  # fmt: skip
