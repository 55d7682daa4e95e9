"""scikit-learn's metrics with types, which it comes without. Each is weighted by rows."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics  # pyright: ignore[reportMissingTypeStubs]

Labels = NDArray[np.int64]
Carried = NDArray[np.bool_]
Floats = NDArray[np.float64]

_METRICS = cast(Any, metrics)


def accuracy(labels: Labels, decided: Labels, weights: Floats) -> float:
    """The share of rows that are right, in every label where `labels` is (n, labels)."""
    return float(_METRICS.accuracy_score(labels, decided, sample_weight=weights))


def average_precision(carried: Carried, scores: Floats, weights: Floats) -> float:
    """The area under the precision-recall curve, by steps."""
    return float(_METRICS.average_precision_score(carried, scores, sample_weight=weights))


def roc_auc(carried: Carried, scores: Floats, weights: Floats) -> float:
    """The area under the ROC curve."""
    return float(_METRICS.roc_auc_score(carried, scores, sample_weight=weights))


def matthews(labels: Labels, decided: Labels, weights: Floats) -> float:
    """The Matthews correlation coefficient; `labels` is (n,)."""
    return float(_METRICS.matthews_corrcoef(labels, decided, sample_weight=weights))


def precision_recall_f1(labels: Labels, decided: Labels, weights: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 of each of `count` labels, (count,) each; 0 where there is nothing to divide by."""
    precision, recall, f1, _ = _METRICS.precision_recall_fscore_support(
        labels, decided, labels=range(count), sample_weight=weights, zero_division=0
    )
    return precision, recall, f1


def precision_recall_curve(carried: Carried, scores: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Precision and recall at each score that occurs, and those scores, ascending: (cuts,) each.

    scikit-learn's last point, precision 1 at recall 0, belongs to no score and is left out.
    """
    precision, recall, cuts = _METRICS.precision_recall_curve(carried, scores, sample_weight=weights)
    return precision[:-1], recall[:-1], cuts
