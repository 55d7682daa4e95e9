"""The rows of the table: one arm each, its figures over seeds."""

from math import inf
from statistics import mean, stdev
from typing import Literal

from pydantic import BaseModel, ConfigDict

from potstill.domain.measures import Measures, Threshold
from potstill.domain.record import RunRecord
from potstill.report.results import COMPRESSED, Arm

Group = Literal["quality", "more", "cost"]
TIMED = ("train_seconds", "texts_per_second")
"""Columns that differ between two runs of the same study: the rest must not."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Figure(_Strict):
    """Mean and standard deviation over seeds; `spread` is None for a single run."""

    mean: float
    spread: float | None


class Row(_Strict):
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


class KeptLayers(_Strict):
    """Which of the teacher's layers an arm keeps, in its order, counted from 0."""

    arm: str
    depth: int
    kept: list[int]


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
    "texts_per_second": ("cost", "comments/s"),
}


def row_of(arm: Arm) -> Row:
    """The table row of an arm: mean and standard deviation over its finished seeds."""
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


def eligible(rows: list[Row], rule: str) -> list[Row]:
    """The compressed arms that the rule asks for and that finished; none that a gate would have refused.

    A small encoder of one's own may be larger than the teacher: that is no smaller model, whatever the arm is for.
    """
    found = [row for row in rows if row.role in COMPRESSED and row.validation_pr_auc is not None and not row.waived]
    if rule != "student":
        return found
    most = next((_parameters(row) for row in rows if row.kind == "teacher" and row.figures), inf)
    return [row for row in found if row.role == "smaller" and _parameters(row) < most]


def _parameters(row: Row) -> float:
    return row.figures["parameters"].mean


def pick(rows: list[Row], rule: str) -> Row | None:
    """Of them the one with the best mean validation PR-AUC; the test split has no say."""
    return max(eligible(rows, rule), key=lambda row: row.validation_pr_auc or 0.0, default=None)
