"""Subgroups: how far errors differ between rows that mention a group and rows that do not.

The three areas are those of Borkan et al. (2019, "Nuanced Metrics for Measuring Unintended Bias with Real Data for Text
Classification"). A low `bpsn` says that harmless rows of the group score above toxic rows of others: false alarms hit
the group. A low `bnsp` says the opposite: what hurts the group is overlooked.
"""

import numpy as np
from numpy.typing import NDArray

from potstill.domain.measures import Areas
from potstill.evaluation.sklearn_metrics import roc_auc

FEWEST = 10
"""Rows of each kind that an area is worked out from; with fewer it would be noise."""


def areas(
    scores: NDArray[np.float64],
    positive: NDArray[np.bool_],
    weights: NDArray[np.float64],
    group: NDArray[np.bool_],
) -> Areas:
    """ROC-AUC within a group of rows, of its negatives among the others' positives, and of its positives among the
    others' negatives; all arguments are (n,). An area is None where fewer than ten rows of a kind are there."""

    def area(chosen: NDArray[np.bool_]) -> float | None:
        rows, positives = int(chosen.sum()), int(positive[chosen].sum())
        if min(positives, rows - positives) < FEWEST:
            return None
        return roc_auc(positive[chosen], scores[chosen], weights[chosen])

    return Areas(
        subgroup=area(group),
        bpsn=area((group & ~positive) | (~group & positive)),
        bnsp=area((group & positive) | (~group & ~positive)),
    )
