"""A report as tables and paragraphs, before it is terminal text or Markdown."""

from dataclasses import dataclass

from potstill.domain.layer_search import Choice, LayerSearch
from potstill.report.figures import COLUMNS, PER_LABEL, TIMED, Group, Report, Row

LORA = (
    "LoRA makes *training* cheaper: far fewer parameters are trained. Merged, the model has the size and the speed of "
    "the teacher."
)
ROWS_ONLY = (
    "Intervals are paired bootstraps over test rows (1,000 resamples, percentile): they say what other rows could have "
    "shown, not what other seeds could have."
)


NEAREST = 5
"""So many choices of layers are shown, beside those that have a name."""
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


@dataclass(frozen=True)
class Sheet:
    """One table; a cell is plain text."""

    title: str
    head: list[str]
    body: list[list[str]]


@dataclass(frozen=True)
class Page:
    """The report in reading order: the answer, the tables, then the words below them."""

    title: str
    answer: str
    sheets: list[Sheet]
    below: list[str]


def lay_out(report: Report, *, timed: bool = True) -> Page:
    """The page of a report. Without `timed` no column stands in it that differs between two runs of one study."""
    sheets = [_table(report, group, timed) for group in TITLES]
    sheets[1:1] = _labels(report)
    sheets += [_differences(report), _search(report), _categories(report)]
    sheets += [sheet for search in report.layer_searches for sheet in _layer_sheets(search)]
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
    return Sheet(TITLES[group].format(rows=report.test_rows), head, body)


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


def count_in_words(count: float) -> str:
    """A count at four figures: 22.71M, 88.6k, 512. The exact one stands in the JSON."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= factor:
            return f"{count / factor:.{2 if letter != 'k' else 1}f}{letter}"
    return f"{count:.0f}"


def _labels(report: Report) -> list[Sheet]:
    """The measures of every label, each in a table of its own, the positive one first."""
    labels = sorted(report.task, key=lambda label: label != report.positive)
    sheets: list[Sheet] = []
    for label in labels:
        # Of two labels one is ranked by, and its PR-AUC stands in the first table.
        shown = [measure for measure in PER_LABEL if measure != "pr_auc" or report.positive is None]
        body = [[row.arm, *(_cell(row, f"{one} {label}") for one in shown)] for row in report.rows if row.figures]
        sheets.append(Sheet(f'Label "{label}" on test', ["arm", *(PER_LABEL[one] for one in shown)], body))
    return sheets


def _differences(report: Report) -> Sheet:
    body = [[d.arm, d.against, f"{d.estimate:+.3f}", f"{d.low:+.3f} to {d.high:+.3f}"] for d in report.differences]
    return Sheet("Difference in test PR-AUC", ["arm", "minus", "difference", "95 % interval"], body)


def _search(report: Report) -> Sheet:
    body = [
        [str(t["family"]), f"{t['learning_rate']:g}", f"{t['validation_pr_auc']:.3f}", "chosen" if t["chosen"] else ""]
        for t in report.search
    ]
    return Sheet("Learning rates tried", ["family", "learning rate", "validation PR-AUC", ""], body)


def lay_out_layers(search: LayerSearch, name: str) -> Page:
    """The page of a search for layers by itself."""
    best, ranks = search.best, {rule: search.rank(kept) for rule, kept in search.named().items()}
    places = ", ".join(f"{rule} {rank}" for rule, rank in ranks.items())
    answer = (
        f"Of {len(search.choices):,} choices of {search.num_layers} of {search.depth} layers, {_layers(best)} answer "
        f"most as the whole model does: KL {best.kl:.4f}, PR-AUC {_score(best.pr_auc)} (the whole model's "
        f"{_score(search.pr_auc)}). Ranks of others: {places}. All are untrained; distilling moves every choice."
    )
    return Page(f"Layers of {name}", answer, _layer_sheets(search), [])


def _layer_sheets(search: LayerSearch) -> list[Sheet]:
    return [_choices(search), _single_layers(search)]


def _choices(search: LayerSearch) -> Sheet:
    """The nearest choices, then those that have a name, each with its rank among all."""
    names: dict[tuple[int, ...], list[str]] = {
        kept: [] for kept in (choice.kept for choice in search.choices[:NEAREST])
    }
    for name, kept in search.named().items():
        names.setdefault(kept, []).append(name)
    chosen = sorted((search.choices[search.rank(kept) - 1] for kept in names), key=lambda one: (one.kl, one.kept))
    body = [
        [
            str(search.rank(one.kept)),
            _layers(one),
            ", ".join(names[one.kept]) or "-",
            f"{one.kl:.4f}",
            _score(one.pr_auc),
        ]
        for one in chosen
    ]
    title = (
        f"Layers before any training: {len(search.choices):,} choices of {search.num_layers} of {search.depth}, on "
        f"{search.rows:,} rows held out; the teacher's PR-AUC there is {_score(search.pr_auc)}"
    )
    return Sheet(title, ["rank", "layers", "called", "KL to the teacher", "PR-AUC"], body)


def _single_layers(search: LayerSearch) -> Sheet:
    body = [
        [str(layer), f"{influence:.3f}", f"{without.kl:.4f}", _score(without.pr_auc)]
        for layer, (influence, without) in enumerate(zip(search.influence, search.without, strict=True))
    ]
    head = ["layer", "influence", "KL without it", "PR-AUC without it"]
    return Sheet(f"Each of the teacher's {search.depth} layers by itself", head, body)


def _layers(choice: Choice) -> str:
    return f"[{','.join(map(str, choice.kept))}]"


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"


def _categories(report: Report) -> Sheet:
    arms = list(report.categories)
    head = ["category", "positive rows", "others"]
    head += [f"{arm} {what}" for arm in arms for what in ("recall", "false alarms")]
    body: list[list[str]] = []
    for found in zip(*report.categories.values(), strict=True):
        first = found[0]
        shares = [_share(share) for one in found for share in (one.recall, one.false_positive_rate)]
        body.append([first.category, str(first.positives), str(first.negatives), *shares])
    return Sheet("By category on test, at the fitted threshold, first seed", head, body)


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


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2f}"


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
    lines += [LORA] if any(row.kind == "lora" for row in report.rows) else []
    lines += [
        f"Over {one.choices} choices of {one.num_layers} layers, how near they were to the teacher before any training "
        "and the test PR-AUC that they reached agree with a Spearman rank correlation of "
        f"{one.estimate:.2f} (95 % interval {one.low:.2f} to {one.high:.2f})."
        for one in report.foretold
    ]
    lines += [ROWS_ONLY] if report.differences else []
    lines += [*report.account, *(f"Note: {note}" for note in report.notes)]
    return [*lines, f"potstill {report.version} on {report.machine}. Comments a second: the lab's own evaluation loop."]
