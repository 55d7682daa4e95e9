"""The rows of the table: one arm each, its figures over seeds."""

from collections.abc import Sequence
from statistics import mean, stdev

from pydantic import BaseModel, ConfigDict

from potstill.analysis.decisions import constant_answer, never_answered
from potstill.analysis.pick import mean_validation_pr_auc
from potstill.analysis.resampled_scores import TIE
from potstill.analysis.results import Arm, StudyResults
from potstill.domain.measures import Measures
from potstill.domain.record import RunRecord
from potstill.domain.study_record import Role


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Strict):
    """Mean and standard deviation over seeds; `spread` is None for a single run."""

    mean: float
    spread: float | None


class ShippedThreshold(_Strict):
    """The threshold of a binary task (`label` None), or that of one label, and what it meant on validation."""

    label: str | None
    value: float
    rule: str
    precision: float
    recall: float


class Row(_Strict):
    """One arm: its figures by column, what is to be said about it, and the seeds they come from.

    Of the first seed are `temperature`, `thresholds`, `audit`, `waived` and `learning_rate`.
    """

    arm: str
    kind: str
    role: Role
    description: str
    layers: str
    seeds: list[int]
    missing: list[int]
    failures: dict[str, str]
    figures: dict[str, Figure]
    validation_pr_auc: float | None
    not_above_majority: bool = False
    """Its accuracy is the majority class's, or less."""
    never: list[str] = []
    """Labels of test rows that no run of it answers."""
    constant: bool = False
    """Every run of it answers all test rows alike."""
    waived: dict[str, str] = {}
    temperature: float | None = None
    thresholds: list[ShippedThreshold] = []
    audit: list[str] = []
    learning_rate: float | None = None


class KeptLayers(_Strict):
    """Which of the teacher's layers an arm keeps, in its order, counted from 0."""

    arm: str
    depth: int
    kept: list[int]


PER_LABEL = ("precision", "recall", "f1", "pr_auc")
"""What is measured of every label: the column of one is "recall toxic"."""


def rows_of(arms: Sequence[Arm]) -> list[Row]:
    """The row of each arm, marked where the majority class is right as often or more often."""
    rows = [row_of(arm) for arm in arms]
    majority = next((row.figures["accuracy"].mean for row in rows if row.kind == "majority" and row.figures), None)
    return rows if majority is None else [_marked(row, majority) for row in rows]


def _marked(row: Row, majority: float) -> Row:
    accuracy = row.figures.get("accuracy")
    not_above = row.kind != "majority" and accuracy is not None and accuracy.mean <= majority + TIE
    return row.model_copy(update={"not_above_majority": not_above})


def row_of(arm: Arm) -> Row:
    """The table row of an arm: mean and standard deviation over its finished seeds."""
    records = [run.record for run in arm.done]
    first = records[0] if records else None
    there = {run.record.seed for run in arm.runs}
    return Row(
        arm=arm.name,
        kind=arm.kind,
        role=arm.role,
        description=arm.record.description,
        layers=arm.layers,
        seeds=[record.seed for record in records],
        missing=[seed for seed in arm.record.seeds if seed not in there],
        failures={f"seed {r.record.seed}": r.record.reason for r in arm.runs if r.record.status == "failed"},
        figures=_figures_of(records),
        validation_pr_auc=mean_validation_pr_auc(records),
        temperature=first.calibration.temperature if first else None,
        thresholds=_thresholds(first) if first else [],
        audit=first.audit if first else [],
        waived=first.waived if first else {},
        learning_rate=_learning_rate(first) if first else None,
    )


def with_answers(row: Row, results: StudyResults) -> Row:
    """The row with what its runs never answer on test, which no area under a curve shows."""
    arm = results.arm_named(row.arm)
    if arm is None or row.kind == "majority":
        return row
    constant = all(constant_answer(results, run) is not None for run in arm.done)
    return row.model_copy(update={"never": never_answered(results, arm.done), "constant": constant})


def kept_layers(arms: Sequence[Arm]) -> list[KeptLayers]:
    """The layers of every arm that keeps any, from its first finished run."""
    plans = {arm.name: arm.done[0].record.layers for arm in arms if arm.done}
    return [KeptLayers(arm=arm, depth=plan.depth, kept=list(plan.kept)) for arm, plan in plans.items() if plan]


def _learning_rate(record: RunRecord) -> float | None:
    training = record.settings.get("training")
    return float(str(training["learning_rate"])) if isinstance(training, dict) else None


def _thresholds(record: RunRecord) -> list[ShippedThreshold]:
    """The threshold, or that of each label."""
    calibration, labels = record.calibration, record.validation.per_label if record.validation else []
    if calibration.threshold:
        return [ShippedThreshold(label=None, **calibration.threshold.model_dump())]
    each = zip(labels, calibration.thresholds, strict=False)  # a multi-class task has labels and no threshold
    return [ShippedThreshold(label=label.label, **threshold.model_dump()) for label, threshold in each]


def _figures_of(records: Sequence[RunRecord]) -> dict[str, Figure]:
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
    values["sampled_accuracy"] = _sampled_accuracy(record)
    values |= record.cost.model_dump()
    if record.kind in ("majority", "tfidf"):
        del values["bytes"], values["train_tokens"]
    return {name: float(value) for name, value in values.items() if value is not None}


def _sampled_accuracy(record: RunRecord) -> float | None:
    """The mean over the epochs, where every epoch has one."""
    sampled = [point.sampled_accuracy for point in record.curve]
    return mean(accuracy for accuracy in sampled if accuracy is not None) if sampled and all(sampled) else None


def _measured(test: Measures | None) -> dict[str, float | None]:
    if test is None:
        return {}
    values: dict[str, float | None] = test.model_dump(exclude={"rows", "per_label"})
    for label in test.per_label:
        values |= {f"{measure} {label.label}": getattr(label, measure) for measure in PER_LABEL}
    return values
