"""The one callable shape of anything that answers, and what its logits mean as predictions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from potstill.domain.errors import NotFiniteError
from potstill.domain.measures import Calibration
from potstill.domain.notebook import Tabular
from potstill.domain.task import NO_LABEL, Task

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
class Prediction:
    """What a text was called: the label, its probability, and whether it is the positive one.

    `score` is the probability of the positive label, whatever was decided; with more labels than two, where `flagged`
    is None, that of the decided one. `shares` are the probabilities of all labels in their order, and `labels` those
    that were decided on: one, unless the task is multi-label. There `label` is their names joined by ", " (or "none"),
    `probability` and `score` are those of the likeliest label, and `flagged` says whether there is any.
    """

    label: str
    labels: tuple[str, ...]
    probability: float
    score: float
    flagged: bool | None
    shares: tuple[float, ...]


class Predictions(list[Prediction | None], Tabular):
    """The predictions for texts, in their order; None for a text of which nothing can be read."""

    def __init__(self, texts: Sequence[str], predicted: Iterable[Prediction | None], labels: Sequence[str]) -> None:
        super().__init__(predicted)
        self.texts, self._labels = list(texts), list(labels)

    def records(self) -> list[dict[str, Any]]:
        """For each text what it was called, whether that is the positive label, and the probability of every label."""
        return [
            {"text": text, "label": prediction.label if prediction else None,
             "probability": prediction.probability if prediction else None,
             "flagged": prediction.flagged if prediction else None, **self._shares(prediction)}
            for text, prediction in zip(self.texts, self, strict=True)
        ]  # fmt: skip

    def _shares(self, prediction: Prediction | None) -> dict[str, float | None]:
        shares = prediction.shares if prediction else [None] * len(self._labels)
        return {f"of {label}": share for label, share in zip(self._labels, shares, strict=True)}


def probabilities(logits: Logits, task: Task, temperature: float = 1.0) -> NDArray[np.float64]:
    """softmax(logits / temperature), (n, labels), or sigmoid(logits / temperature) where the task is multi-label.

    Raises:
        NotFiniteError: a logit is not finite.
    """
    wrong = int(len(logits) - np.isfinite(logits).all(axis=1).sum())
    if wrong:
        raise NotFiniteError(
            f"{wrong:,} of {len(logits):,} rows have logits that are not finite: the model's weights are damaged, or "
            "its training went astray"
        )
    scaled = logits.astype(np.float64) / temperature
    if task.multilabel:
        return 0.5 * (1 + np.tanh(scaled / 2))  # the sigmoid, without an overflow
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True)) if len(scaled) else scaled
    return shares / shares.sum(axis=1, keepdims=True)


def ranked_scores(logits: Logits, task: Task) -> list[NDArray[np.float64]]:
    """What the rows are ranked by for the PR-AUC of each of `task.ranked_columns`."""
    shares = probabilities(logits, task)
    return [shares[:, column] for column in task.ranked_columns]


def decide(logits: Logits, calibration: Calibration, task: Task) -> NDArray[np.int64]:
    """The label of each row, (n,): by the threshold for a binary task that has one, else the largest logit.

    For a multi-label task (n, labels) of 0 and 1: each label by its threshold, or 0.5.
    """
    shares = probabilities(logits, task, calibration.temperature)
    if task.multilabel:
        cuts = [threshold.value for threshold in calibration.thresholds] or [0.5] * len(task.labels)
        return (shares >= np.array(cuts)).astype(np.int64)
    if task.problem == "binary" and calibration.threshold is not None:
        positive = task.positive_index
        return np.where(shares[:, positive] >= calibration.threshold.value, positive, 1 - positive)
    return shares.argmax(axis=1)


def predictions(logits: Logits, calibration: Calibration, task: Task) -> list[Prediction]:
    """The prediction for each row of logits, (n, labels)."""
    shares: list[list[float]] = probabilities(logits, task, calibration.temperature).tolist()
    if task.multilabel:
        carried: list[list[int]] = decide(logits, calibration, task).tolist()
        return [_of_several(row, marks, task) for row, marks in zip(shares, carried, strict=True)]
    decided: list[int] = decide(logits, calibration, task).tolist()
    positive = task.positive_index if task.problem == "binary" else None
    return [
        Prediction(
            label=task.labels[label],
            labels=(task.labels[label],),
            probability=row[label],
            score=row[label if positive is None else positive],
            flagged=None if positive is None else label == positive,
            shares=tuple(row),
        )
        for row, label in zip(shares, decided, strict=True)
    ]


def _of_several(shares: list[float], marks: list[int], task: Task) -> Prediction:
    carried = tuple(label for label, mark in zip(task.labels, marks, strict=True) if mark)
    most = max(shares)
    return Prediction(
        label=", ".join(carried) or NO_LABEL,
        labels=carried,
        probability=most,
        score=most,
        flagged=bool(carried),
        shares=tuple(shares),
    )


def alike(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows carry the same decision, (n,): in every label where a text may carry several."""
    same = first == second
    return same.all(axis=1) if same.ndim == 2 else same
