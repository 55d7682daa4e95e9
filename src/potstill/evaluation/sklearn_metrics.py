"""scikit-learn's metrics with types, which it comes without. Each is weighted by rows.

It is loaded when a metric is first asked for: with the parts of scipy that it pulls in that takes a second, and whoever
only reads a study's file, or opens its teacher, comes by here too.
"""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Carried = NDArray[np.bool_]
Floats = NDArray[np.float64]


def _metrics() -> Any:
    from sklearn import metrics  # pyright: ignore[reportMissingTypeStubs]

    return cast(Any, metrics)


def accuracy(labels: Labels, decided: Labels, weights: Floats) -> float:
    """The share of rows that are right, in every label where `labels` is (n, labels)."""
    return float(_metrics().accuracy_score(labels, decided, sample_weight=weights))


def average_precision(carried: Carried, scores: Floats, weights: Floats) -> float:
    """The area under the precision-recall curve, by steps."""
    return float(_metrics().average_precision_score(carried, scores, sample_weight=weights))


def roc_auc(carried: Carried, scores: Floats, weights: Floats) -> float:
    """The area under the ROC curve."""
    return float(_metrics().roc_auc_score(carried, scores, sample_weight=weights))


def matthews(labels: Labels, decided: Labels, weights: Floats) -> float:
    """The Matthews correlation coefficient; `labels` is (n,)."""
    return float(_metrics().matthews_corrcoef(labels, decided, sample_weight=weights))


def precision_recall_f1(labels: Labels, decided: Labels, weights: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 of each of `count` labels, (count,) each; 0 where there is nothing to divide by."""
    precision, recall, f1, _ = _metrics().precision_recall_fscore_support(
        labels, decided, labels=range(count), sample_weight=weights, zero_division=0
    )
    return precision, recall, f1
