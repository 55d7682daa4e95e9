"""How good a set of logits is, and what it decides."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
# scikit-learn and scipy come without types: what they return is given a type where it leaves this file.
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
    roc_auc_score,
)

from potstill.domain.measures import Calibration, CategoryRecall, LabelMeasures, Measures
from potstill.domain.predictor import decide, probabilities
from potstill.domain.task import Task

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]
Weights = NDArray[np.float64]


def measure(
    logits: Logits,
    labels: Labels,
    weights: Weights,
    task: Task,
    calibration: Calibration,
    teacher_logits: Logits | None = None,
    teacher_calibration: Calibration | None = None,
) -> Measures:
    """All measures of `logits` on rows with `labels`, weighted; agreement where the teacher's answers are given.

    PR-AUC is the average precision of the positive label, ROC-AUC likewise; with more labels than two both are the mean
    over labels, each against the rest.
    """
    decided = decide(logits, calibration, task)
    agreement = None
    if teacher_logits is not None:
        same = decided == decide(teacher_logits, teacher_calibration or Calibration(), task)
        agreement = float(np.average(same, weights=weights))
    per_label = _per_label(decided, labels, weights, task)
    pr_auc, roc_auc = _areas(probabilities(logits, 1.0), labels, weights, task)
    return Measures(
        rows=len(labels),
        accuracy=float(accuracy_score(labels, decided, sample_weight=weights)),
        macro_f1=float(np.mean([label.f1 for label in per_label])),
        pr_auc=pr_auc,
        roc_auc=roc_auc,
        mcc=float(matthews_corrcoef(labels, decided, sample_weight=weights)),
        per_label=per_label,
        agreement=agreement,
    )


def _per_label(decided: Labels, labels: Labels, weights: Weights, task: Task) -> list[LabelMeasures]:
    names = range(len(task.labels))
    # The types that scikit-learn declares here are those of its scalar case.
    found: Any = precision_recall_fscore_support(
        labels, decided, labels=names, sample_weight=weights, zero_division=cast(Any, 0)
    )
    precision, recall, f1, _ = found
    return [
        LabelMeasures(
            label=task.labels[k], precision=float(precision[k]), recall=float(recall[k]), f1=float(f1[k]),
            support=int((labels == k).sum()),
        )
        for k in names
    ]  # fmt: skip


def _areas(
    shares: NDArray[np.float64], labels: Labels, weights: Weights, task: Task
) -> tuple[float | None, float | None]:
    """PR-AUC and ROC-AUC; None where a label has all of the rows or none of them."""
    columns = [task.positive_index] if task.problem == "binary" else list(range(len(task.labels)))
    if any(len(np.unique(labels == column)) < 2 for column in columns):
        return None, None
    precisions = [average_precision_score(labels == k, shares[:, k], sample_weight=weights) for k in columns]
    rocs = [roc_auc_score(labels == k, shares[:, k], sample_weight=weights) for k in columns]
    return float(np.mean(precisions)), float(np.mean(rocs))


def recall_by_category(
    logits: Logits,
    labels: Labels,
    weights: Weights,
    categories: Sequence[str],
    task: Task,
    calibration: Calibration,
) -> list[CategoryRecall]:
    """Recall and false-positive rate of each category, by name; a binary task only."""
    flagged = decide(logits, calibration, task) == task.positive_index
    positive = labels == task.positive_index
    names = np.asarray(categories)
    return [
        CategoryRecall(
            category=str(name),
            positives=int((here & positive).sum()),
            negatives=int((here & ~positive).sum()),
            recall=_share(flagged, here & positive, weights),
            false_positive_rate=_share(flagged, here & ~positive, weights),
        )
        for name in np.unique(names)
        for here in [names == name]
    ]


def _share(flagged: NDArray[np.bool_], rows: NDArray[np.bool_], weights: Weights) -> float | None:
    return float(np.average(flagged[rows], weights=weights[rows])) if rows.any() else None
