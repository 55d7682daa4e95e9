"""What a run decides about each test row."""

import numpy as np
from numpy.typing import NDArray

from potstill.analysis.results import Run, StudyResults
from potstill.domain.predictor import alike, decide


def decided(results: StudyResults, run: Run) -> NDArray[np.int64]:
    """The decision on each test row, as `decide` gives it: by the run's own threshold."""
    return decide(run.logits, run.record.calibration, results.task)


def right(results: StudyResults, run: Run) -> NDArray[np.bool_]:
    """Of each test row, whether it was decided rightly: all its labels, where it can carry several."""
    return alike(decided(results, run), results.labels)
