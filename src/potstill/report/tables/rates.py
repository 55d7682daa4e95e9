"""The learning rates that a search tried."""

from potstill.analysis.report import Report
from potstill.domain.study_record import RateTrial
from potstill.report.tables.table import Table


def rate_trials(report: Report) -> Table:
    """One row for each trial."""
    head = ["family", "learning rate", "validation PR-AUC", ""]
    return Table("rates", "Learning rates tried", head, [_row(trial) for trial in report.rate_trials])


def _row(trial: RateTrial) -> list[str]:
    reached = "failed" if trial.validation_pr_auc is None else f"{trial.validation_pr_auc:.3f}"
    return [trial.family, f"{trial.learning_rate:g}", reached, "chosen" if trial.chosen else ""]
