"""Curves: how arms learnt, what precision every recall costs, and how far probabilities can be taken at their word."""

from collections.abc import Iterator
from statistics import mean

import numpy as np
from pydantic import BaseModel, ConfigDict

from potstill.analysis.results import Arm, Run, StudyResults
from potstill.domain.baselines import TEACHER
from potstill.domain.measures import CurvePoint, ReliabilityBin
from potstill.domain.predictor import ranked_scores
from potstill.domain.study_record import COMPRESSED
from potstill.evaluation.precision_recall import precision_recall_curve
from potstill.evaluation.reliability import Claims, brier, calibration_error, claims, reliability

POINTS = 101
"""Points of a precision-recall curve: one for each hundredth of recall."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Learning(_Strict):
    """One training: loss, and PR-AUC on validation, after each epoch."""

    arm: str
    seed: int
    points: list[CurvePoint]


class PrecisionRecall(_Strict):
    """The highest precision on test at each recall, 0 to 1 by hundredths; `chosen` is where the threshold stands."""

    arm: str
    seed: int
    precision: list[float]
    chosen: tuple[float, float] | None


class Calibrated(_Strict):
    """Expected calibration error and Brier score on test before and after the temperature; means over seeds."""

    arm: str
    temperature: float
    ece_before: float
    ece_after: float
    brier_before: float
    brier_after: float


class Reliability(_Strict):
    """What was stated and what came true on test, at one seed."""

    arm: str
    seed: int
    before: list[ReliabilityBin]
    after: list[ReliabilityBin]


class Curves(_Strict):
    """All of them."""

    learning: list[Learning] = []
    precision_recall: list[PrecisionRecall] = []
    calibration: list[Calibrated] = []
    reliability: list[Reliability] = []


def curves_of(results: StudyResults, picked: str | None) -> Curves:
    """Learning and calibration of every model; the other curves of the teacher and of the picked arm, first seed."""
    shown = [arm for arm in results.arms if arm.done and (arm.kind == TEACHER or arm.name == picked)]
    models = [arm for arm in results.arms if arm.done and (arm.kind == TEACHER or arm.role in COMPRESSED)]
    binary = results.task.problem == "binary" and len(np.unique(results.labels)) > 1
    return Curves(
        learning=list(_learning(models)),
        precision_recall=[_precision_recall(results, arm.done[0]) for arm in shown] if binary else [],
        calibration=[_calibrated(results, arm) for arm in models],
        reliability=[_reliability(results, arm.done[0]) for arm in shown],
    )


def _learning(arms: list[Arm]) -> Iterator[Learning]:
    for arm in arms:
        for run in arm.done:
            if run.record.curve:
                yield Learning(arm=arm.name, seed=run.record.seed, points=run.record.curve)


def _precision_recall(results: StudyResults, run: Run) -> PrecisionRecall:
    (positive,), (scores,) = results.task.positives(results.labels), ranked_scores(run.logits, results.task)
    precision, recall, _ = precision_recall_curve(positive, scores, results.weights)
    # From the left, by falling recall: no threshold with at least this recall has more precision.
    best, levels = np.maximum.accumulate(precision), np.linspace(0, 1, POINTS)
    reached = [float(best[np.flatnonzero(recall >= level)[-1]]) for level in levels]
    return PrecisionRecall(
        arm=run.record.arm, seed=run.record.seed, precision=[round(value, 4) for value in reached],
        chosen=_chosen(results, run),
    )  # fmt: skip


def _chosen(results: StudyResults, run: Run) -> tuple[float, float] | None:
    """Recall and precision of the positive label at the fitted threshold."""
    labels = run.record.test.per_label if run.record.test else []
    positive = next((label for label in labels if label.label == results.task.positive), None)
    return (positive.recall, positive.precision) if positive else None


def _claims(results: StudyResults, run: Run, temperature: float) -> Claims:
    return claims(run.logits, results.labels, results.weights, results.task, temperature)


def _calibrated(results: StudyResults, arm: Arm) -> Calibrated:
    before = [_claims(results, run, 1.0) for run in arm.done]
    after = [_claims(results, run, run.record.calibration.temperature) for run in arm.done]
    return Calibrated(
        arm=arm.name,
        temperature=mean(run.record.calibration.temperature for run in arm.done),
        ece_before=mean(calibration_error(reliability(claimed)) for claimed in before),
        ece_after=mean(calibration_error(reliability(claimed)) for claimed in after),
        brier_before=mean(brier(claimed) for claimed in before),
        brier_after=mean(brier(claimed) for claimed in after),
    )


def _reliability(results: StudyResults, run: Run) -> Reliability:
    before, after = (_claims(results, run, value) for value in (1.0, run.record.calibration.temperature))
    return Reliability(arm=run.record.arm, seed=run.record.seed, before=reliability(before), after=reliability(after))
