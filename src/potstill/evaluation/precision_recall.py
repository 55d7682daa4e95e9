"""Precision and recall at every threshold, to the bit those of scikit-learn, whose import a report would wait for."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def precision_recall_curve(
    carried: NDArray[np.bool_], scores: NDArray[np.floating], weights: Floats
) -> tuple[Floats, Floats, NDArray[np.floating]]:
    """Precision and recall at each score that occurs, and those scores, ascending: (cuts,) each. A score is cut at from
    itself on; rows of weight 0 are no part of it.

    scikit-learn's last point, precision 1 at recall 0, belongs to no score and is left out. Recall is 1 where no row
    carries the label.

    Raises:
        ValueError: a score is not finite.
    """
    if not np.isfinite(scores).all():
        raise ValueError("scores that are not finite have no curve")
    counted = weights != 0
    carried, scores, weights = carried[counted], scores[counted], weights[counted]
    order = np.argsort(-scores, kind="stable")
    falling, hits = scores[order], np.where(carried[order], weights[order], 0.0)
    ends = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    above = np.cumsum(hits)[ends]
    flagged = above + np.cumsum(weights[order] - hits)[ends]
    recall = above / above[-1] if above[-1] else np.ones_like(above)
    return (above / flagged)[::-1], recall[::-1], falling[ends][::-1]
