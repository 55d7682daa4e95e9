"""How good a set of logits is, and what it decides."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from potstill.domain.measures import Calibration, CategoryRecall, LabelMeasures, Measures
from potstill.domain.predictor import alike, decide, ranked_scores
from potstill.domain.task import Task
from potstill.evaluation.sklearn_metrics import accuracy, average_precision, matthews, precision_recall_f1, roc_auc

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

    PR-AUC is the average precision of the positive label, ROC-AUC likewise; with more labels than two, or several at a
    time, both are the mean over labels, each against the rest.
    """
    decided = decide(logits, calibration, task)
    agreement = None
    if teacher_logits is not None:
        same = alike(decided, decide(teacher_logits, teacher_calibration or Calibration(), task))
        agreement = float(np.average(same, weights=weights))
    areas = _areas(logits, labels, weights, task)
    per_label = _per_label(decided, labels, weights, task, areas)
    return Measures(
        rows=len(labels),
        accuracy=accuracy(labels, decided, weights),
        macro_f1=float(np.mean([label.f1 for label in per_label])),
        pr_auc=_mean([area[0] for area in areas]),
        roc_auc=_mean([area[1] for area in areas]),
        mcc=_matthews(decided, labels, weights, task),
        per_label=per_label,
        agreement=agreement,
    )


def _per_label(
    decided: Labels, labels: Labels, weights: Weights, task: Task, areas: list[tuple[float | None, float | None]]
) -> list[LabelMeasures]:
    count = len(task.labels)
    pr_aucs = dict(zip(task.ranked_columns, [area[0] for area in areas], strict=True))
    precision, recall, f1 = precision_recall_f1(labels, decided, weights, count)
    return [
        LabelMeasures(
            label=task.labels[k], precision=float(precision[k]), recall=float(recall[k]), f1=float(f1[k]),
            support=int(task.carries(labels, k).sum()), pr_auc=pr_aucs.get(k),
        )
        for k in range(count)
    ]  # fmt: skip


def _areas(logits: Logits, labels: Labels, weights: Weights, task: Task) -> list[tuple[float | None, float | None]]:
    """PR-AUC and ROC-AUC of each ranked column; None where all of the rows carry its label or none of them does."""
    return [
        (average_precision(carried, scores, weights), roc_auc(carried, scores, weights))
        if carried.any() and not carried.all()
        else (None, None)
        for carried, scores in zip(task.positives(labels), ranked_scores(logits, task), strict=True)
    ]


def _mean(areas: list[float | None]) -> float | None:
    known = [area for area in areas if area is not None]
    return float(np.mean(known)) if len(known) == len(areas) else None


def _matthews(decided: Labels, labels: Labels, weights: Weights, task: Task) -> float:
    if not task.multilabel:
        return matthews(labels, decided, weights)
    each = [matthews(labels[:, k], decided[:, k], weights) for k in range(len(task.labels))]
    return float(np.mean(each))


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
