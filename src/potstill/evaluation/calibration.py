"""The temperature and the threshold that ship with a model, fitted on validation alone."""

import re
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from potstill.domain.measures import Calibration, Threshold, ThresholdPoint
from potstill.domain.predictor import probabilities
from potstill.domain.task import Task
from potstill.evaluation.precision_recall import precision_recall_curve

CURVE = np.arange(1, 100) / 100
_RULE = re.compile(r"(precision|recall) *>= *(0?\.\d+|1(?:\.0*)?)")


def fit_calibration(
    logits: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float64], task: Task, rule: str
) -> Calibration:
    """Fit the temperature, then by `rule` the threshold of a binary task, or of each label of a multi-label one."""
    temperature = fit_temperature(logits, labels, weights, task)
    if task.problem == "multiclass":
        return Calibration(temperature=temperature)
    shares = probabilities(logits, task, temperature)
    thresholds = [
        fit_threshold(shares[:, column], task.carries(labels, column), weights, rule) for column in task.ranked_columns
    ]
    if task.multilabel:
        return Calibration(temperature=temperature, thresholds=thresholds)
    return Calibration(temperature=temperature, threshold=thresholds[0])


def fit_temperature(
    logits: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float64], task: Task
) -> float:
    """The temperature between 0.05 and 20 with the least weighted negative log-likelihood (Guo et al., 2017).

    Of a multi-label task the labels' likelihoods are multiplied.
    """
    # Loaded here alone: whoever reads a study's file needs `check_rule`, and would wait half a second for this.
    from scipy import optimize  # pyright: ignore[reportMissingTypeStubs]  # scipy comes without types

    def loss(log_temperature: float) -> float:
        shares = probabilities(logits, task, float(np.exp(log_temperature)))
        if task.multilabel:
            chosen = np.where(labels == 1, shares, 1 - shares)
        else:
            chosen = shares[np.arange(len(labels)), labels][:, None]
        return float(-np.average(np.log(np.maximum(chosen, 1e-300)).sum(axis=1), weights=weights))

    bounds = (np.log(0.05), np.log(20.0))
    optimum = cast(Any, optimize).minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(optimum.x))


def check_rule(rule: str) -> tuple[str, float]:
    """The measure and the level that a rule asks for; `best_f1` has level 0. Raises ValueError for another text."""
    if rule == "best_f1":
        return "f1", 0.0
    match = _RULE.fullmatch(rule.strip())
    if match is None:
        raise ValueError(f'threshold = {rule!r}: write "best_f1", "precision >= 0.9" or "recall >= 0.8"')
    return match[1], float(match[2])


def fit_threshold(
    scores: NDArray[np.float64], is_positive: NDArray[np.bool_], weights: NDArray[np.float64], rule: str
) -> Threshold:
    """The threshold that `rule` asks for, midway between two scores that occur, so that rounding cannot flip a row.

    `precision >= p` finds most recall at that precision, `recall >= r` most precision at that recall. A precision that
    no threshold reaches gives the highest there is, and the rule's text says so. So it does of a threshold below every
    score, which tells nothing apart, though its recall is 1.
    """
    measure, level = check_rule(rule)
    if not is_positive.any():
        return Threshold(value=0.5, rule=f"{rule} (no positive row to fit it on)", precision=0.0, recall=0.0)
    precision, recall, cuts = precision_recall_curve(is_positive, scores, weights)
    if measure == "f1":
        best = int(np.argmax(2 * precision * recall / np.maximum(precision + recall, 1e-12)))
    else:
        rule, best = _at_level(rule, measure, level, precision, recall)
    if best == 0:
        rule = f"{rule} (flags every row of validation)"
    below = cuts[best - 1] if best > 0 else 0.0
    value = float((cuts[best] + below) / 2)
    return Threshold(value=value, rule=rule, precision=float(precision[best]), recall=float(recall[best]))


def threshold_curve(
    scores: NDArray[np.float64], is_positive: NDArray[np.bool_], weights: NDArray[np.float64], shipped: float
) -> list[ThresholdPoint]:
    """What every hundredth, and the `shipped` threshold, would mean; empty without a positive row."""
    if not is_positive.any():
        return []
    return [_point(float(value), scores, is_positive, weights) for value in np.unique([*CURVE, shipped])]


def _point(
    threshold: float, scores: NDArray[np.float64], is_positive: NDArray[np.bool_], weights: NDArray[np.float64]
) -> ThresholdPoint:
    flagged = scores >= threshold
    hits = float(weights[flagged & is_positive].sum())
    return ThresholdPoint(
        threshold=threshold,
        precision=round(hits / float(weights[flagged].sum()), 4) if flagged.any() else None,
        recall=round(hits / float(weights[is_positive].sum()), 4),
    )


def _at_level(
    rule: str, measure: str, level: float, precision: NDArray[np.float64], recall: NDArray[np.float64]
) -> tuple[str, int]:
    held, sought = (precision, recall) if measure == "precision" else (recall, precision)
    reached = np.flatnonzero(held >= level)
    if len(reached) == 0:
        return f"{rule} (not reachable on validation)", int(np.argmax(held))
    return rule, int(reached[np.argmax(sought[reached])])
