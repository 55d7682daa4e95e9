from typing import Any, cast

import numpy as np
import pytest
from sklearn import metrics  # pyright: ignore[reportMissingTypeStubs]

from potstill.domain.measures import Calibration, Threshold
from potstill.domain.predictor import decide, predictions, probabilities
from potstill.domain.task import Task
from potstill.evaluation.metrics import measure, recall_by_category

SKLEARN = cast(Any, metrics)
TASK = Task(labels=("fine", "toxic"), positive="toxic")
RNG = np.random.default_rng(0)
LABELS = RNG.integers(2, size=200)
LOGITS = (RNG.normal(size=(200, 2)) + np.eye(2)[LABELS]).astype(np.float32)
WEIGHTS = np.where(LABELS == 1, 1.0, 8.0)
STRICT = Calibration(temperature=2.0, threshold=Threshold(value=0.7, rule="best_f1", precision=1, recall=1))


def test_measures_are_scikit_learns_on_the_shipped_decision() -> None:
    measures = measure(LOGITS, LABELS, WEIGHTS, TASK, STRICT)
    flagged = probabilities(LOGITS, TASK, 2.0)[:, 1] >= 0.7
    scores = LOGITS[:, 1] - LOGITS[:, 0]
    assert measures.pr_auc == pytest.approx(SKLEARN.average_precision_score(LABELS, scores, sample_weight=WEIGHTS))
    assert measures.roc_auc == pytest.approx(SKLEARN.roc_auc_score(LABELS, scores, sample_weight=WEIGHTS))
    assert measures.accuracy == pytest.approx(SKLEARN.accuracy_score(LABELS, flagged, sample_weight=WEIGHTS))
    assert measures.macro_f1 == pytest.approx(SKLEARN.f1_score(LABELS, flagged, sample_weight=WEIGHTS, average="macro"))
    assert measures.mcc == pytest.approx(SKLEARN.matthews_corrcoef(LABELS, flagged, sample_weight=WEIGHTS))
    assert [label.support for label in measures.per_label] == [int((LABELS == 0).sum()), int((LABELS == 1).sum())]


def test_agreement_is_with_the_teachers_own_decision() -> None:
    assert measure(LOGITS, LABELS, WEIGHTS, TASK, STRICT, LOGITS, STRICT).agreement == 1.0
    opposite = measure(LOGITS, LABELS, WEIGHTS, TASK, Calibration(), -LOGITS, Calibration())
    assert opposite.agreement == 0.0


def test_areas_are_undefined_where_a_label_is_missing() -> None:
    measures = measure(LOGITS[:5], np.zeros(5, dtype=np.int64), np.ones(5), TASK, Calibration())
    assert measures.pr_auc is None
    assert measures.roc_auc is None


def test_three_labels_are_averaged_each_against_the_rest() -> None:
    labels = np.arange(90) % 3
    logits = (np.random.default_rng(1).normal(size=(90, 3)) + np.eye(3)[labels]).astype(np.float32)
    task = Task(labels=("a", "b", "c"))
    measures = measure(logits, labels, np.ones(90), task, Calibration())
    shares = probabilities(logits, task)
    expected = np.mean([SKLEARN.average_precision_score(labels == k, shares[:, k]) for k in range(3)])
    assert measures.pr_auc == pytest.approx(expected)
    assert np.array_equal(decide(logits, Calibration(), task), logits.argmax(axis=1))


def test_several_labels_at_a_time_are_measured_as_scikit_learn_measures_them() -> None:
    task = Task(labels=("rude", "threat", "spam"), multilabel=True)
    rng = np.random.default_rng(2)
    labels = (rng.random((300, 3)) < [0.5, 0.2, 0.1]).astype(np.int64)
    logits = (rng.normal(size=(300, 3)) + 2 * labels - 1).astype(np.float32)
    weights = rng.uniform(1, 3, size=300)
    cuts = [Threshold(value=value, rule="best_f1", precision=1, recall=1) for value in (0.4, 0.5, 0.6)]
    measures = measure(
        logits, labels, weights, task, Calibration(temperature=2.0, thresholds=cuts), logits, Calibration()
    )
    decided = (1 / (1 + np.exp(-logits.astype(float) / 2)) >= [0.4, 0.5, 0.6]).astype(int)
    assert measures.accuracy == pytest.approx(SKLEARN.accuracy_score(labels, decided, sample_weight=weights))
    assert measures.macro_f1 == pytest.approx(SKLEARN.f1_score(labels, decided, sample_weight=weights, average="macro"))
    assert measures.pr_auc == pytest.approx(SKLEARN.average_precision_score(labels, logits, sample_weight=weights))
    assert measures.roc_auc == pytest.approx(SKLEARN.roc_auc_score(labels, logits, sample_weight=weights))
    each = [SKLEARN.matthews_corrcoef(labels[:, k], decided[:, k], sample_weight=weights) for k in range(3)]
    assert measures.mcc == pytest.approx(np.mean(each))
    assert [label.support for label in measures.per_label] == labels.sum(axis=0).tolist()
    spam = SKLEARN.average_precision_score(labels[:, 2], logits[:, 2], sample_weight=weights)
    assert measures.per_label[2].pr_auc == pytest.approx(spam)
    assert measures.agreement == pytest.approx(np.average((decided == (logits >= 0)).all(axis=1), weights=weights))


def test_a_prediction_names_every_label_that_a_text_carries() -> None:
    task = Task(labels=("rude", "threat"), multilabel=True)
    both, neither = predictions(np.array([[3, 1], [-2, -3]], dtype=np.float32), Calibration(), task)
    assert (both.label, both.labels, both.flagged) == ("rude, threat", ("rude", "threat"), True)
    assert (neither.label, neither.labels, neither.flagged) == ("none", (), False)
    assert both.score == pytest.approx(1 / (1 + np.exp(-3)))
    assert neither.shares == pytest.approx((1 / (1 + np.exp(2)), 1 / (1 + np.exp(3))))


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


def test_the_positive_label_may_be_the_first() -> None:
    turned = Task(labels=("toxic", "fine"), positive="toxic")
    straight = measure(LOGITS, LABELS, WEIGHTS, TASK, STRICT)
    reverse = measure(LOGITS[:, ::-1], 1 - LABELS, WEIGHTS, turned, STRICT)
    for name in ("pr_auc", "roc_auc", "accuracy", "macro_f1", "mcc"):
        assert getattr(reverse, name) == pytest.approx(getattr(straight, name)), name
    sure, unsure = predictions(np.array([[3, 0], [1, 0]], dtype=np.float32), STRICT, turned)
    assert (sure.label, sure.flagged, unsure.label, unsure.flagged) == ("toxic", True, "fine", False)
    assert sure.score == pytest.approx(1 / (1 + np.exp(-1.5)))
