import numpy as np
import pytest

from potstill.evaluation.sklearn_metrics import (
    accuracy,
    average_precision,
    matthews,
    precision_recall_f1,
    roc_auc,
)

LABELS = np.array([0, 0, 0, 1, 1])
DECIDED = np.array([0, 0, 1, 1, 0])
ONES = np.ones(5)
DOUBLED = np.array([1.0, 1.0, 2.0, 1.0, 1.0])
"""The false alarm weighs as two rows."""


def test_accuracy_counts_weights_and_rows_that_are_right_in_every_label() -> None:
    assert accuracy(LABELS, DECIDED, ONES) == pytest.approx(3 / 5)
    assert accuracy(LABELS, DECIDED, DOUBLED) == pytest.approx(3 / 6)
    several = np.array([[1, 0], [1, 1], [0, 0]])
    assert accuracy(several, np.array([[1, 0], [1, 0], [0, 0]]), np.ones(3)) == pytest.approx(2 / 3)


def test_precision_recall_and_f1_are_by_label() -> None:
    precision, recall, f1 = precision_recall_f1(LABELS, DECIDED, DOUBLED, 2)
    assert precision == pytest.approx([2 / 3, 1 / 3])
    assert recall == pytest.approx([2 / 4, 1 / 2])
    assert f1 == pytest.approx([4 / 7, 2 / 5])


def test_a_label_that_nothing_has_and_nothing_is_given_is_zero_without_a_warning() -> None:
    precision, recall, f1 = precision_recall_f1(LABELS, DECIDED, ONES, 3)
    assert (precision[2], recall[2], f1[2]) == (0, 0, 0)


def test_matthews_is_the_correlation_of_decision_and_label() -> None:
    assert matthews(LABELS, DECIDED, ONES) == pytest.approx(np.corrcoef(LABELS, DECIDED)[0, 1])
    assert matthews(LABELS, 1 - LABELS, ONES) == pytest.approx(-1)


def test_areas_are_those_of_the_ranking() -> None:
    carried, scores = LABELS == 1, np.array([0.1, 0.2, 0.8, 0.9, 0.3])
    # By falling score: hit, false alarm, hit, so the precisions at the hits are 1 and 2/3; 5 of 6 pairs stand right.
    assert average_precision(carried, scores, ONES) == pytest.approx((1 + 2 / 3) / 2)
    assert roc_auc(carried, scores, ONES) == pytest.approx(5 / 6)
    assert average_precision(carried, scores, DOUBLED) == pytest.approx((1 + 2 / 4) / 2)
