"""A report as tables and paragraphs, before it is terminal text or Markdown."""

from potstill.report.figures import Report
from potstill.report.layer_sheets import layer_sheets
from potstill.report.rows import COLUMNS, PER_LABEL, TIMED, Group, Row
from potstill.report.sheets import Page, Sheet, count_in_words
from potstill.report.verdict_sheets import (
    ASKED,
    BELOW_TEACHER,
    HOLM,
    WITHIN,
    calibration,
    differences,
    disagreements,
    errors,
    questions,
    verdicts,
)
from potstill.report.whom_sheets import AREAS, categories, flips, subgroups

LORA = (
    "LoRA makes *training* cheaper: far fewer parameters are trained. Merged, the model has the size and the speed of "
    "the teacher."
)
INTERVALS = (
    "In 95 of 100 studies like this one an interval holds the difference that the recipe has on average over seeds, "
    "on all texts that the test rows were drawn from: the variances over resampled rows and over seeds added, "
    "Student's t. "
    "Where one seed was run of what seeds change, it is over rows alone."
)

COUNTED = "Layers are numbered from 0; even are the second, the fourth and so on, odd the first, the third and so on."
BELOW = "!"
WAIVED = "†"
EPOCHS = (
    "epochs' acc.: accuracy on a fixed sample of validation rows, by the largest logit, averaged over the epochs; no "
    "figure of the finished model, and here because some publish it as one."
)
TITLES: dict[Group, str] = {
    "quality": "Test, {rows:,} rows: mean ± standard deviation over seeds; no ± means a single run",
    "more": "Further measures on test",
    "cost": "Cost",
}


def lay_out(report: Report, *, timed: bool = True) -> Page:
    """The page of a report. Without `timed` no column stands in it that differs between two runs of one study."""
    quality, more, cost = (_table(report, group, timed) for group in TITLES)
    sheets = [quality, verdicts(report), questions(report), errors(report), differences(report)]
    sheets += [*_labels(report), more, cost]
    sheets += [
        calibration(report),
        disagreements(report),
        _search(report),
        *(sheet for search in report.layer_searches for sheet in layer_sheets(search)),
    ]
    sheets += [flips(report), subgroups(report), categories(report)]
    title, below = f"Study {report.study}", _below(report)
    return Page(title, report.answer, [sheet for sheet in sheets if sheet.body], below)


def _table(report: Report, group: Group, timed: bool) -> Sheet:
    there = {name for row in report.rows for name in row.figures}
    names = [n for n, (g, _) in COLUMNS.items() if g == group and n in there and (timed or n not in TIMED)]
    main = group == "quality"
    body = [
        [_name(row, main), *([row.layers or "-"] if main else []), *(_cell(row, name) for name in names)]
        for row in report.rows
    ]
    head = ["arm", *(["layers"] if main else []), *(COLUMNS[name][1] for name in names)]
    return Sheet(group, TITLES[group].format(rows=report.test_rows), head, body)


def _name(row: Row, main: bool) -> str:
    marks = [mark for mark, there in ((BELOW, row.below_majority and main), (WAIVED, row.waived)) if there]
    return " ".join([row.arm, *marks])


def _cell(row: Row, name: str) -> str:
    figure = row.figures.get(name)
    if figure is None:
        return "-"
    if name in ("parameters", "trainable_parameters", "train_tokens"):
        return count_in_words(figure.mean)
    if name == "bytes":
        return f"{figure.mean / 1e6:.1f}"
    digits = 0 if name in TIMED else 3
    spread = "" if figure.spread is None else f" ± {figure.spread:.{digits}f}"
    return f"{figure.mean:.{digits}f}{spread}"


def _labels(report: Report) -> list[Sheet]:
    """The measures of every label, each in a table of its own, the positive one first."""
    labels = sorted(report.task, key=lambda label: label != report.positive)
    sheets: list[Sheet] = []
    for label in labels:
        # Of two labels one is ranked by, and its PR-AUC stands in the first table.
        shown = [measure for measure in PER_LABEL if measure != "pr_auc" or report.positive is None]
        body = [[row.arm, *(_cell(row, f"{one} {label}") for one in shown)] for row in report.rows if row.figures]
        fitted = ", at the fitted threshold" if any(row.threshold for row in report.rows) else ""
        title = f'Label "{label}" on test{fitted}'
        sheets.append(Sheet("labels", title, ["arm", *(PER_LABEL[one] for one in shown)], body))
    return sheets


def _search(report: Report) -> Sheet:
    body = [
        [str(t["family"]), f"{t['learning_rate']:g}", _reached(t["validation_pr_auc"]), "chosen" if t["chosen"] else ""]
        for t in report.search
    ]
    return Sheet("search", "Learning rates tried", ["family", "learning rate", "validation PR-AUC", ""], body)


def _reached(pr_auc: str | float | None) -> str:
    return "failed" if pr_auc is None else f"{pr_auc:.3f}"


def _learning_rates(report: Report) -> list[str]:
    """One line for each learning rate, with the arms that were trained with it."""
    arms: dict[float, list[str]] = {}
    for row in report.rows:
        if row.learning_rate and row.kind != "untrained":
            arms.setdefault(row.learning_rate, []).append(row.arm)
    return [f"Learning rate {rate:g}: {', '.join(names)}." for rate, names in sorted(arms.items())]


def _waived(report: Report) -> dict[tuple[str, str], list[str]]:
    """The arms of each gate that was waived, with the reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in report.rows:
        for waiver in row.waived.items():
            found.setdefault(waiver, []).append(row.arm)
    return found


def _below(report: Report) -> list[str]:
    marked = [row.arm for row in report.rows if row.below_majority]
    lines = [f"{BELOW} accuracy below the majority class's: {', '.join(marked)}."] if marked else []
    lines += [f"{WAIVED} {gate} waived for {', '.join(arms)}: {why}." for (gate, why), arms in _waived(report).items()]
    lines += [EPOCHS] if any("sampled_accuracy" in row.figures for row in report.rows) else []
    lines += [f"{row.arm}: {row.words}." for row in report.rows]
    lines += [
        f"{row.arm}: temperature {row.temperature:.2f}, threshold {row.threshold} on validation (first seed)."
        for row in report.rows
        if row.threshold and row.temperature is not None and row.kind != "majority"
    ]
    lines += _learning_rates(report)
    lines += [f"{row.arm}: {line}" for row in report.rows for line in row.audit]
    lines += [f"{row.arm}, {seed}: failed: {why}" for row in report.rows for seed, why in row.failures.items()]
    lines += [f"{row.arm}: seeds {row.missing} are not run yet." for row in report.rows if row.missing]
    lines += [COUNTED] if report.layers else []
    lines += [LORA] if any(row.kind == "lora" for row in report.rows) else []
    lines += [
        f"Over {one.choices} choices of {one.num_layers} layers, how near they were to the teacher before any training "
        f"and the {one.split} PR-AUC that they reached agree with a Spearman rank correlation of "
        f"{one.estimate:.2f} (95 % interval {one.low:.2f} to {one.high:.2f})."
        for one in report.foretold
    ]
    lines += [INTERVALS] if report.differences else []
    lines += [ASKED] if any(one.question for one in report.differences) else []
    lines += [AREAS] if report.subgroups else []
    lines += [HOLM] if len(report.verdicts) > 1 else []
    below = {one.judgement for one in report.verdicts if one.below}
    lines += [f"as good, below: {WITHIN}."] if "as good" in below else []
    lines += [f"unresolved, below: {BELOW_TEACHER}."] if "unresolved" in below else []
    lines += [*report.account, *(f"Note: {note}" for note in report.notes)]
    return [*lines, f"potstill {report.version} on {report.machine}. Comments a second: the lab's own evaluation loop."]
