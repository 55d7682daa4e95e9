import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, roc_auc_score

from potstill.domain.measures import Calibration, Threshold
from potstill.domain.predictor import decide, probabilities
from potstill.domain.task import Task
from potstill.evaluation.quality import measure, recall_by_category

TASK = Task(labels=("fine", "toxic"), positive="toxic")
RNG = np.random.default_rng(0)
LABELS = RNG.integers(2, size=200)
LOGITS = (RNG.normal(size=(200, 2)) + np.eye(2)[LABELS]).astype(np.float32)
WEIGHTS = np.where(LABELS == 1, 1.0, 8.0)
STRICT = Calibration(temperature=2.0, threshold=Threshold(value=0.7, rule="best_f1", precision=1, recall=1))


def test_measures_are_scikit_learns_on_the_shipped_decision() -> None:
    found = measure(LOGITS, LABELS, WEIGHTS, TASK, STRICT)
    flagged = probabilities(LOGITS, 2.0)[:, 1] >= 0.7
    scores = LOGITS[:, 1] - LOGITS[:, 0]
    assert found.pr_auc == pytest.approx(average_precision_score(LABELS, scores, sample_weight=WEIGHTS))
    assert found.roc_auc == pytest.approx(roc_auc_score(LABELS, scores, sample_weight=WEIGHTS))
    assert found.accuracy == pytest.approx(accuracy_score(LABELS, flagged, sample_weight=WEIGHTS))
    assert found.macro_f1 == pytest.approx(f1_score(LABELS, flagged, sample_weight=WEIGHTS, average="macro"))
    assert [label.support for label in found.per_label] == [int((LABELS == 0).sum()), int((LABELS == 1).sum())]


def test_agreement_is_with_the_teachers_own_decision() -> None:
    assert measure(LOGITS, LABELS, WEIGHTS, TASK, STRICT, LOGITS, STRICT).agreement == 1.0
    opposite = measure(LOGITS, LABELS, WEIGHTS, TASK, Calibration(), -LOGITS, Calibration())
    assert opposite.agreement == 0.0


def test_areas_are_undefined_where_a_label_is_missing() -> None:
    found = measure(LOGITS[:5], np.zeros(5, dtype=np.int64), np.ones(5), TASK, Calibration())
    assert found.pr_auc is None
    assert found.roc_auc is None


def test_three_labels_are_averaged_each_against_the_rest() -> None:
    labels = np.arange(90) % 3
    logits = (np.random.default_rng(1).normal(size=(90, 3)) + np.eye(3)[labels]).astype(np.float32)
    found = measure(logits, labels, np.ones(90), Task(labels=("a", "b", "c")), Calibration())
    shares = probabilities(logits, 1.0)
    expected = np.mean([average_precision_score(labels == k, shares[:, k]) for k in range(3)])
    assert found.pr_auc == pytest.approx(expected)
    assert np.array_equal(decide(logits, Calibration(), Task(labels=("a", "b", "c"))), logits.argmax(axis=1))


def test_categories_have_recall_and_false_alarms() -> None:
    names = ["joke"] * 2 + ["threat"] * 2
    labels, logits = np.array([0, 0, 1, 1]), np.array([[0, 3], [3, 0], [0, 3], [3, 0]], dtype=np.float32)
    joke, threat = recall_by_category(logits, labels, np.ones(4), names, TASK, Calibration())
    assert (joke.category, joke.recall, joke.false_positive_rate) == ("joke", None, 0.5)
    assert (threat.positives, threat.recall, threat.false_positive_rate) == (2, 0.5, None)


def test_logits_that_are_not_finite_are_refused() -> None:
    broken = LOGITS.copy()
    broken[3, 0] = np.nan
    with pytest.raises(ValueError, match="1 of 200 rows"):
        measure(broken, LABELS, WEIGHTS, TASK, Calibration())
