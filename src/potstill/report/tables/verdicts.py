"""Tables of verdicts, differences and calibration."""

from potstill.report.figures import Report
from potstill.report.sheets import Sheet
from potstill.report.verdicts import ArmVerdict, Difference

HOLM = (
    "The picked arm's verdict is by its interval. The other arms' are by Holm's method on one-sided p-values, so that "
    "many arms are not many chances to be called as good; their intervals are drawn unadjusted."
)
ASKED = "Each question is answered by its own interval; of twenty such intervals about one misses what is true."
BELOW_TEACHER = "below the teacher, not shown to be by more than the margin"
WITHIN = "below the teacher, by less than the margin"


def verdicts(report: Report) -> Sheet:
    """The verdict on each compressed arm."""
    body = [
        [
            one.arm + (" (picked)" if one.primary else ""),
            _judgement(one),
            f"{one.difference.estimate:+.3f}",
            _interval(one.difference),
            _needs(one),
        ]
        for one in report.verdicts
    ]
    head = ["arm", "verdict", "difference", "95 % interval", "what would show it"]
    return Sheet("verdicts", f"As good as the teacher within {report.margin:g} of test PR-AUC?", head, body)


def errors(report: Report) -> Sheet:
    """The two parts of each verdict's standard error."""
    body = [
        [one.arm, str(one.difference.seeds), f"{one.difference.rows_error:.4f}", _error(one.difference)]
        for one in report.verdicts
    ]
    title = "What makes the verdicts' intervals wide: standard errors of the difference"
    return Sheet("errors", title, ["arm", "seeds", "over rows", "over seeds"], body)


def disagreements(report: Report) -> Sheet:
    """McNemar's test for each seed."""
    body = [
        [verdict.arm, str(one.seed), f"{one.only_arm:,}", f"{one.only_teacher:,}", f"{one.p:.2g}"]
        for verdict in report.verdicts
        for one in verdict.disagreements
    ]
    title = "Test rows that one of two models decided rightly and the other did not (McNemar); counted, not weighted"
    return Sheet("disagreements", title, ["arm", "seed", "only the arm", "only the teacher", "p"], body)


def _judgement(one: ArmVerdict) -> str:
    return f"{one.judgement}, below" if one.below and one.judgement != "worse" else one.judgement


def _interval(one: Difference) -> str:
    return f"{one.low:+.3f} to {one.high:+.3f}"


def _error(one: Difference) -> str:
    if one.seeds_error is None:
        return "one seed"
    return f"{one.seeds_error:.4f}" + (" (its own)" if one.own_spread else "")


def _needs(one: ArmVerdict) -> str:
    if one.judgement == "as good":
        return "shown"
    if one.difference.seeds_error is None:
        return "more seeds"
    ways = [f"{one.needs_rows:,} rows"] if one.needs_rows else []
    ways += [f"{one.needs_seeds} seeds"] if one.needs_seeds else []
    ways += [f"{one.needs_both[0]:,} rows and {one.needs_both[1]} seeds"] if one.needs_both else []
    return " or ".join(ways) if one.realistic else "no realistic number"


def questions(report: Report) -> Sheet:
    """What the study asked, answered."""
    body = [
        [d.question, d.arm, d.against, f"{d.estimate:+.3f}", _interval(d), _shown(d)]
        for d in report.differences
        if d.question is not None
    ]
    head = ["question", "arm", "minus", "difference", "95 % interval", "shown"]
    return Sheet("questions", "What the study asks, by the difference in test PR-AUC", head, body)


def _shown(one: Difference) -> str:
    if one.seeds_error is None:
        return "one seed"
    if one.low > 0:
        return "higher"
    return "lower" if one.high < 0 else "neither"


def differences(report: Report) -> Sheet:
    """The other differences of two arms."""
    found = [one for one in report.differences if one.question is None]
    body = [[d.arm, d.against, f"{d.estimate:+.3f}", _interval(d), _over(d)] for d in found]
    head = ["arm", "minus", "difference", "95 % interval", "over"]
    return Sheet("differences", "Difference in test PR-AUC", head, body)


def _over(one: Difference) -> str:
    if one.seeds_error is None:
        return "1 seed"
    return "rows" if one.seeds_error == 0 else f"{one.seeds} seeds"


def calibration(report: Report) -> Sheet:
    """How far each model's probabilities can be taken at their word."""
    body = [
        [one.arm, f"{one.temperature:.2f}"]
        + [f"{value:.3f}" for value in (one.ece_before, one.ece_after, one.brier_before, one.brier_after)]
        for one in report.curves.calibration
    ]
    head = ["arm", "temperature", "ECE before", "ECE after", "Brier before", "Brier after"]
    return Sheet("calibration", "Calibration on test, before and after the temperature", head, body)
