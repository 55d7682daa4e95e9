from typing import Any, cast

import numpy as np
import pytest
from sklearn import metrics  # pyright: ignore[reportMissingTypeStubs]

from potstill.domain.task import Task
from potstill.evaluation.reliability import brier, calibration_error, claims, reliability

BINARY = Task(labels=("fine", "toxic"), positive="toxic")


def drawn(rows: int, sure: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits whose probabilities are right, then sharpened; labels; weights."""
    rng = np.random.default_rng(0)
    chance = rng.random(rows) * 0.98 + 0.01
    logits = np.stack([np.zeros(rows), sure * np.log(chance / (1 - chance))], axis=1).astype(np.float32)
    return logits, (rng.random(rows) < chance).astype(np.int64), rng.integers(1, 5, size=rows).astype(float)


def test_what_is_right_has_no_error_and_what_is_too_sure_has() -> None:
    logits, labels, weights = drawn(20_000)
    right = reliability(claims(logits, labels, weights, BINARY, 1.0))
    assert calibration_error(right) < 0.02
    assert sum(stretch.share for stretch in right) == pytest.approx(1)
    sharp = logits * 3
    assert calibration_error(reliability(claims(sharp, labels, weights, BINARY, 1.0))) > 0.08
    assert calibration_error(reliability(claims(sharp, labels, weights, BINARY, 3.0))) < 0.02


def test_brier_is_scikit_learns() -> None:
    logits, labels, weights = drawn(500)
    claimed = claims(logits, labels, weights, BINARY, 1.0)
    wanted = cast(Any, metrics).brier_score_loss(labels, claimed.stated, sample_weight=weights)
    assert brier(claimed) == pytest.approx(wanted)


def test_other_tasks_claim_what_they_decide() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(50, 3)).astype(np.float32)
    labels = rng.integers(3, size=50)
    several = claims(logits, labels, np.ones(50), Task(labels=("a", "b", "c")), 1.0)
    assert several.stated.min() >= 1 / 3
    assert several.true.tolist() == (logits.argmax(axis=1) == labels).tolist()
    marks = rng.integers(2, size=(50, 3))
    each = claims(logits, marks, np.ones(50), Task(labels=("a", "b", "c"), multilabel=True), 1.0)
    assert each.stated.shape == each.true.shape == each.weights.shape == (150,)
