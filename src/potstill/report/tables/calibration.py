"""How far each model's probabilities can be taken at their word."""

from potstill.analysis.report import Report
from potstill.report.tables.table import Table, score


def calibration(report: Report) -> Table:
    """Expected calibration error and Brier score of every model, before and after its temperature."""
    body = [
        [model.arm, score(model.temperature, 2)]
        + [score(value) for value in (model.ece_before, model.ece_after, model.brier_before, model.brier_after)]
        for model in report.curves.calibration
    ]
    head = ["arm", "temperature", "ECE before", "ECE after", "Brier before", "Brier after"]
    return Table("calibration", "Calibration on test, before and after the temperature", head, body)
