"""The one callable shape of anything that answers, and what its logits mean as verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from potstill.domain.measures import Calibration
from potstill.domain.task import Task

Logits = NDArray[np.float32]


class Predictor(Protocol):
    """Texts in, logits out: torch, onnxruntime, OpenVINO, and stubs in tests."""

    @property
    def labels(self) -> Sequence[str]:
        """The label names in the order of the logits."""
        ...

    def __call__(self, texts: Sequence[str]) -> Logits:
        """Logits of the texts, (n, labels) float32."""
        ...


@dataclass(frozen=True)
class Verdict:
    """What a text was called: the label, its probability, and whether it is the positive one.

    `score` is the probability of the positive label, whatever was decided; with more labels than two, where `flagged`
    is None, that of the decided one. `shares` are the probabilities of all labels in their order.
    """

    label: str
    probability: float
    score: float
    flagged: bool | None
    shares: tuple[float, ...]


def probabilities(logits: Logits, temperature: float) -> NDArray[np.float64]:
    """softmax(logits / temperature), (n, labels). Raises ValueError for logits that are not finite."""
    wrong = int(len(logits) - np.isfinite(logits).all(axis=1).sum())
    if wrong:
        raise ValueError(f"{wrong} of {len(logits)} rows have logits that are not finite")
    scaled = logits.astype(np.float64) / temperature
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True)) if len(scaled) else scaled
    return shares / shares.sum(axis=1, keepdims=True)


def decide(logits: Logits, calibration: Calibration, task: Task) -> NDArray[np.int64]:
    """The label of each row: by the threshold for a binary task that has one, else the largest logit."""
    shares = probabilities(logits, calibration.temperature)
    if task.problem == "binary" and calibration.threshold is not None:
        positive = task.positive_index
        return np.where(shares[:, positive] >= calibration.threshold.value, positive, 1 - positive)
    return shares.argmax(axis=1)


def verdicts(logits: Logits, calibration: Calibration, task: Task) -> list[Verdict]:
    """The verdict on each row of logits, (n, labels)."""
    shares: list[list[float]] = probabilities(logits, calibration.temperature).tolist()
    decided: list[int] = decide(logits, calibration, task).tolist()
    positive = task.positive_index if task.problem == "binary" else None
    return [
        Verdict(
            label=task.labels[label],
            probability=row[label],
            score=row[label if positive is None else positive],
            flagged=None if positive is None else label == positive,
            shares=tuple(row),
        )
        for row, label in zip(shares, decided, strict=True)
    ]
