"""Every number of a report, worked out once; the terminal, Markdown and JSON only lay it out."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Literal

from pydantic import BaseModel, ConfigDict

from potstill.domain.errors import PotstillError
from potstill.domain.layer_search import LayerSearch
from potstill.domain.measures import CategoryRecall, Measures, Threshold
from potstill.domain.predictor import ranked_scores
from potstill.domain.record import RunRecord
from potstill.report.results import COMPRESSED, Arm, StudyResults, load_results
from potstill.statistics.rank import rank_correlation
from potstill.statistics.resample import mean_difference_interval

Group = Literal["quality", "more", "cost"]
TIMED = ("train_seconds", "comments_per_second")
"""Columns that differ between two runs of the same study: the rest must not."""


class _Figures(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Figure(_Figures):
    """Mean and standard deviation over seeds; `spread` is None for a single run."""

    mean: float
    spread: float | None


class Row(_Figures):
    """One arm: its figures by column, what is to be said about it, and the seeds they come from."""

    arm: str
    kind: str
    role: str
    words: str
    layers: str
    seeds: list[int]
    missing: list[int]
    failures: dict[str, str]
    figures: dict[str, Figure]
    validation_pr_auc: float | None
    below_majority: bool = False
    waived: dict[str, str] = {}
    temperature: float | None = None
    threshold: str = ""
    audit: list[str] = []
    learning_rate: float | None = None


class Difference(_Figures):
    """PR-AUC of one row minus another's, with the paired 95 % interval over test rows."""

    arm: str
    against: str
    estimate: float
    low: float
    high: float


class Foretold(_Figures):
    """How the order of the choices of layers before any training agrees with that of the students they became."""

    num_layers: int
    choices: int
    estimate: float
    low: float
    high: float


class Report(_Figures):
    """All of it."""

    study: str
    task: list[str]
    positive: str | None
    rows: list[Row]
    differences: list[Difference]
    picked: str | None
    answer: str
    margin: float
    search: list[dict[str, str | float | bool]]
    categories: dict[str, list[CategoryRecall]]
    account: list[str]
    notes: list[str]
    machine: str
    version: str
    test_rows: int
    layer_searches: list[LayerSearch] = []
    foretold: list[Foretold] = []


PER_LABEL = {"precision": "precision", "recall": "recall", "f1": "F1", "pr_auc": "PR-AUC"}
"""What is said of every label, with its heading."""

COLUMNS: dict[str, tuple[Group, str]] = {
    "pr_auc": ("quality", "PR-AUC"),
    "accuracy": ("quality", "accuracy"),
    "mcc": ("quality", "MCC"),
    "sampled_accuracy": ("quality", "epochs' acc."),
    "roc_auc": ("more", "ROC-AUC"),
    "macro_f1": ("more", "macro-F1"),
    "agreement": ("more", "as teacher"),
    "training_loss": ("more", "training loss"),
    "parameters": ("cost", "parameters"),
    "trainable_parameters": ("cost", "trained"),
    "bytes": ("cost", "MB"),
    "train_tokens": ("cost", "tokens"),
    "train_seconds": ("cost", "train s"),
    "comments_per_second": ("cost", "comments/s"),
}


def work_out(results: StudyResults) -> Report:
    """All figures of a study."""
    rows = [_row(arm) for arm in results.arms]
    majority = next((row.figures["accuracy"].mean for row in rows if row.kind == "majority" and row.figures), None)
    for row in rows:
        if majority is not None and "accuracy" in row.figures and row.kind != "majority":
            row.below_majority = row.figures["accuracy"].mean < majority
    picked = _pick(rows, results.summary["rule"]["pick"])
    differences = _differences(results)
    return Report(
        study=results.summary["name"],
        task=list(results.task.labels),
        positive=results.task.positive,
        rows=rows,
        differences=differences,
        picked=picked.arm if picked else None,
        answer=_answer(picked, rows, differences),
        margin=results.summary["rule"]["margin"],
        search=results.summary["search"],
        categories=_categories(results, picked),
        account=[source.describe() for source in results.account.sources],
        notes=results.account.notes,
        machine=results.summary["machine"],
        version=results.summary["version"],
        test_rows=len(results.labels),
        layer_searches=results.searches,
        foretold=[found for search in results.searches if (found := _foretold(results, search))],
    )


def _foretold(results: StudyResults, search: LayerSearch) -> Foretold | None:
    """Spearman's correlation over the choices that the study also distilled, all in the same way."""
    nearness = {choice.kept: -choice.kl for choice in search.choices}
    alike: dict[str, dict[tuple[int, ...], float]] = {}
    for arm in results.arms:
        first = arm.done[0].record if arm.done else None
        if arm.kind == "student" and first and first.layers and first.layers.kept in nearness:
            alike.setdefault(_but_for_layers(first), {})[first.layers.kept] = _test_pr_auc(arm)
    if not alike:
        return None
    reached = max(alike.values(), key=len)
    found = rank_correlation([nearness[kept] for kept in reached], list(reached.values()))
    if found is None:
        return None
    return Foretold(
        num_layers=search.num_layers, choices=found.count, estimate=found.estimate, low=found.low, high=found.high
    )


def _but_for_layers(record: RunRecord) -> str:
    """The settings of a run without those that say which layers it keeps."""
    method = record.settings["method"]
    assert isinstance(method, dict)
    rest = {key: value for key, value in method.items() if key not in ("keep", "num_layers", "reorder")}
    return json.dumps([rest, record.settings["training"]], sort_keys=True)


def picked_model(folder: Path, arm: str | None = None) -> Path:
    """The saved model of a study's picked arm, or of `arm`, at its first seed.

    Raises:
        PotstillError: the folder is no study's, no compressed arm has finished yet, or `arm` has no saved model.
    """
    results = load_results(folder)
    if arm:
        return _model_of(results.arms, arm, folder)
    picked = _pick([_row(arm) for arm in results.arms], results.summary["rule"]["pick"])
    if picked is None:
        raise PotstillError(f"{folder}: no compressed arm has finished yet; `potstill run` continues the study")
    return next(arm.done[0].folder for arm in results.arms if arm.name == picked.arm) / "model"


def _model_of(arms: Sequence[Arm], name: str, folder: Path) -> Path:
    saved = {arm.name: arm.done[0].folder / "model" for arm in arms if arm.done}
    there = [arm for arm, model in saved.items() if model.is_dir()]
    if name not in there:
        raise PotstillError(f'{folder} has no saved model of an arm "{name}"; it has {", ".join(there)}')
    return saved[name]


def _row(arm: Arm) -> Row:
    records = [run.record for run in arm.done]
    first = records[0] if records else None
    there = {run.record.seed for run in arm.runs}
    scores = [record.validation.pr_auc for record in records if record.validation]
    training = first.settings.get("training") if first else None
    return Row(
        arm=arm.name,
        kind=arm.kind,
        role=arm.role,
        words=arm.words,
        layers=arm.layers,
        seeds=[record.seed for record in records],
        missing=[seed for seed in arm.seeds if seed not in there],
        failures={f"seed {r.record.seed}": r.record.reason for r in arm.runs if r.record.status == "failed"},
        figures=_figures_of(records),
        validation_pr_auc=mean(score for score in scores if score is not None) if all(scores) and scores else None,
        temperature=first.calibration.temperature if first else None,
        threshold=_thresholds(first) if first else "",
        audit=first.audit if first else [],
        waived=first.waived if first else {},
        learning_rate=float(str(training["learning_rate"])) if isinstance(training, dict) else None,
    )


def _thresholds(record: RunRecord) -> str:
    """The threshold, or that of each label."""
    found, labels = record.calibration, record.validation.per_label if record.validation else []
    if found.threshold:
        return _in_words(found.threshold)
    each = zip(labels, found.thresholds, strict=False)  # a multi-class task has labels and no threshold
    return "; ".join(f"{label.label} {_in_words(threshold)}" for label, threshold in each)


def _in_words(threshold: Threshold) -> str:
    means = f"precision {threshold.precision:.2f}, recall {threshold.recall:.2f}"
    return f"{threshold.value:.3f} ({threshold.rule}): {means}"


def _figures_of(records: list[RunRecord]) -> dict[str, Figure]:
    columns: dict[str, list[float]] = {}
    for record in records:
        for name, value in _values(record).items():
            columns.setdefault(name, []).append(value)
    whole = {name: values for name, values in columns.items() if len(values) == len(records)}
    return {
        name: Figure(mean=mean(values), spread=stdev(values) if len(values) > 1 else None)
        for name, values in whole.items()
    }


def _values(record: RunRecord) -> dict[str, float]:
    """What of a run stands in the table."""
    values: dict[str, float | None] = {"training_loss": record.training_loss, **_measured(record.test)}
    sampled = [point.sampled_accuracy for point in record.curve]
    values["sampled_accuracy"] = mean(one for one in sampled if one is not None) if sampled and all(sampled) else None
    values |= record.cost.model_dump()
    if record.kind in ("majority", "tfidf"):
        del values["bytes"], values["train_tokens"]
    return {name: float(value) for name, value in values.items() if value is not None}


def _measured(test: Measures | None) -> dict[str, float | None]:
    if test is None:
        return {}
    values: dict[str, float | None] = test.model_dump(exclude={"rows", "per_label"})
    for label in test.per_label:
        values |= {f"{measure} {label.label}": getattr(label, measure) for measure in PER_LABEL}
    return values


def _pick(rows: list[Row], rule: str) -> Row | None:
    """The compressed arm with the best mean validation PR-AUC; the test split has no say. None that a gate would have
    refused."""
    roles = ("smaller",) if rule == "student" else COMPRESSED
    scored = [row for row in rows if row.role in roles and row.validation_pr_auc is not None and not row.waived]
    return max(scored, key=lambda row: row.validation_pr_auc or 0.0, default=None)


def _differences(results: StudyResults) -> list[Difference]:
    """Each model against the teacher, the teacher against the better TF-IDF, and each student against its control."""
    arms = {arm.name: arm for arm in results.arms if arm.done}
    teacher = results.arm("teacher")
    if teacher is None or not teacher.done:
        return []
    pairs = [(arm, teacher) for arm in arms.values() if arm.kind not in ("majority", "teacher")]
    baselines = [arm for arm in arms.values() if arm.kind == "tfidf"]
    if baselines:
        pairs.insert(0, (teacher, max(baselines, key=_test_pr_auc)))
    pairs += [(arm, arms[f"finetune-{name}"]) for name, arm in arms.items() if f"finetune-{name}" in arms]
    return [difference(results, arm, against) for arm, against in pairs]


def _test_pr_auc(arm: Arm) -> float:
    tests = [run.record.test for run in arm.done]
    return mean((test.pr_auc or 0.0) if test else 0.0 for test in tests)


def difference(results: StudyResults, arm: Arm, against: Arm) -> Difference:
    """PR-AUC of one arm minus another's, with its interval over test rows."""
    task = results.task
    interval = mean_difference_interval(
        [ranked_scores(run.test, task) for run in arm.done if run.test is not None],
        task.positives(results.labels),
        results.weights,
        [ranked_scores(run.test, task) for run in against.done if run.test is not None],
    )
    return Difference(
        arm=arm.name, against=against.name, estimate=interval.estimate, low=interval.low, high=interval.high
    )


def _answer(picked: Row | None, rows: list[Row], differences: list[Difference]) -> str:
    teacher = next((row for row in rows if row.kind == "teacher" and row.figures), None)
    if picked is None or teacher is None:
        return "No compressed arm has finished yet."
    found = next(d for d in differences if d.arm == picked.arm and d.against == teacher.arm)
    smaller = picked.figures["parameters"].mean / teacher.figures["parameters"].mean
    return (
        f"Picked on validation: {picked.arm} ({picked.words}). Its PR-AUC on test is "
        f"{picked.figures['pr_auc'].mean:.3f}, the teacher's {teacher.figures['pr_auc'].mean:.3f}: a difference of "
        f"{found.estimate:+.3f} (95 % interval over test rows {found.low:+.3f} to {found.high:+.3f}), with "
        f"{smaller:.0%} of the teacher's parameters.{_without_teacher(picked, differences)}"
    )


def _without_teacher(picked: Row, differences: list[Difference]) -> str:
    """What the picked arm owes to its teacher, where the control that tells was run."""
    found = next((d for d in differences if d.arm == picked.arm and d.against == f"finetune-{picked.arm}"), None)
    if found is None:
        return ""
    verdict = "an interval that holds 0" if found.low <= 0 <= found.high else "an interval without 0"
    return (
        f" The same layers trained without the teacher differ from it by {-found.estimate:+.3f} ({-found.high:+.3f} "
        f"to {-found.low:+.3f}, {verdict})."
    )


def _categories(results: StudyResults, picked: Row | None) -> dict[str, list[CategoryRecall]]:
    wanted = ["teacher", *([picked.arm] if picked else [])]
    found = {arm.name: arm.done[0].record.categories for arm in results.arms if arm.name in wanted and arm.done}
    return {name: categories for name, categories in found.items() if categories}
