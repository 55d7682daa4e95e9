"""How far probabilities can be taken at their word."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potstill.domain.measures import ReliabilityBin
from potstill.domain.predictor import Logits, probabilities
from potstill.domain.task import Task

BINS = 10


@dataclass(frozen=True)
class Claims:
    """Probabilities that were stated, whether each came true, and its weight: (m,) each.

    Of a binary task they are those of the positive label, of a multi-class one those of the label with the largest, of
    a multi-label one those of every label of every row.
    """

    stated: NDArray[np.float64]
    true: NDArray[np.bool_]
    weights: NDArray[np.float64]


def claims(
    logits: Logits, labels: NDArray[np.int64], weights: NDArray[np.float64], task: Task, temperature: float
) -> Claims:
    """What the logits claim at a temperature, beside the labels."""
    shares = probabilities(logits, task, temperature)
    if task.multilabel:
        return Claims(shares.ravel(), (labels == 1).ravel(), np.repeat(weights, shares.shape[1]))
    if task.problem == "binary":
        return Claims(shares[:, task.positive_index], labels == task.positive_index, weights)
    decided = shares.argmax(axis=1)
    return Claims(shares.max(axis=1), decided == labels, weights)


def brier(claimed: Claims) -> float:
    """The weighted mean squared distance of the stated probability from what came true (Brier, 1950)."""
    return float(np.average((claimed.stated - claimed.true) ** 2, weights=claimed.weights))


def reliability(claimed: Claims, bins: int = BINS) -> list[ReliabilityBin]:
    """For each of so many equal stretches of probability in which anything was stated: what was stated on average and
    how often it came true."""
    place = np.minimum((claimed.stated * bins).astype(int), bins - 1)
    total = claimed.weights.sum()
    return [
        ReliabilityBin(
            stated=float(np.average(claimed.stated[here], weights=claimed.weights[here])),
            true=float(np.average(claimed.true[here], weights=claimed.weights[here])),
            share=float(claimed.weights[here].sum() / total),
        )
        for number in range(bins)
        if (here := place == number).any() and claimed.weights[here].sum() > 0
    ]


def calibration_error(bins: list[ReliabilityBin]) -> float:
    """The expected calibration error: the mean distance of the two over the bins (Naeini et al., 2015)."""
    return sum(stretch.share * abs(stretch.stated - stretch.true) for stretch in bins)
