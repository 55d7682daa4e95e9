"""A predictor that is none: quick, light to import, and named as what it is."""

from collections.abc import Sequence

import numpy as np

from potstill.domain.measures import Calibration, Threshold
from potstill.domain.predictor import Logits
from potstill.domain.task import Task
from potstill.scoring.job import Scorer

TASK = Task(labels=("fine", "toxic"), positive="toxic")
CALIBRATION = Calibration(threshold=Threshold(value=0.5, rule="best_f1", precision=1, recall=1))


def stub(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
    """Not a model: toxic is what holds the word fool, cut is what has more than fifty characters."""
    logits = np.array([[0.0, 2.0 if "fool" in text else -2.0] for text in texts], dtype=np.float32)
    return logits.reshape(-1, 2), [len(text) > 50 for text in texts]


STUB = Scorer(stub, TASK, CALIBRATION, "stub")
