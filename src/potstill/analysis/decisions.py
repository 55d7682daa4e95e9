"""What a run decides about each test row, and whether it tells rows apart at all."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from potstill.analysis.results import Run, StudyResults
from potstill.domain.predictor import alike, decide
from potstill.domain.task import NO_LABEL


def decided(results: StudyResults, run: Run) -> NDArray[np.int64]:
    """The decision on each test row, as `decide` gives it: by the run's own threshold."""
    return decide(run.logits, run.record.calibration, results.task)


def right(results: StudyResults, run: Run) -> NDArray[np.bool_]:
    """Of each test row, whether it was decided rightly: all its labels, where it can carry several."""
    return alike(decided(results, run), results.labels)


def constant_answer(results: StudyResults, run: Run) -> str | None:
    """What the run answers, where it answers every test row alike; else None."""
    answers = np.unique(decided(results, run), axis=0)
    if len(answers) > 1:
        return None
    labels = results.task.labels
    if results.task.multilabel:
        return ", ".join(label for label, mark in zip(labels, answers[0], strict=True) if mark) or NO_LABEL
    return labels[int(answers[0])]


def never_answered(results: StudyResults, runs: Sequence[Run]) -> list[str]:
    """The labels that test rows carry and that none of the runs answers for any of them."""
    task, answers = results.task, [decided(results, run) for run in runs]
    return [
        label
        for column, label in enumerate(task.labels)
        if task.carries(results.labels, column).any()
        and not any(task.carries(answer, column).any() for answer in answers)
    ]
