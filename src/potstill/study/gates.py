"""Refusals: a study does not go on where its result would mislead."""

import numpy as np
from numpy.typing import NDArray

from potstill.domain.dataset import Split
from potstill.domain.errors import GateError, StudyError, some_of
from potstill.domain.predictor import ranked_scores
from potstill.domain.task import Task
from potstill.methods.context import TrainedModel
from potstill.methods.union import frozen_parameters
from potstill.recipes.adapter import AdapterRecipe
from potstill.recipes.base import BaseRecipe
from potstill.statistics.resample import Interval, mean_difference_interval

TIE = 1e-9
"""Two sums of the same numbers in another order differ by less: a constant model's PR-AUC is chance, to the last bit or
not."""


def check_validation_labels(validation: Split, task: Task) -> None:
    """Raise StudyError where PR-AUC is not defined on validation: all that is chosen is chosen by it."""
    for column, carried in zip(task.ranked_columns, task.positives(validation.labels), strict=True):
        if not carried.any() or carried.all():
            rows = "only rows" if carried.any() else "no row"
            raise StudyError(
                f'validation has {rows} of "{task.labels[column]}": thresholds, rates and arms are chosen there, by a '
                "PR-AUC that is then not defined. Give it more rows, name a file with [data] validation, or leave the "
                "label out"
            )


def validation_interval(logits: NDArray[np.float32], split: Split, task: Task) -> tuple[Interval, float]:
    """The 95 % interval of the PR-AUC over rows, and what chance would reach."""
    positives = task.positives(split.labels)
    return mean_difference_interval([ranked_scores(logits, task)], positives, split.weights), chance_of(split, task)


def chance_of(split: Split, task: Task) -> float:
    """The PR-AUC of a model that tells no row from another: the share of positives, in the mean over labels."""
    return float(np.mean([np.average(carried, weights=split.weights) for carried in task.positives(split.labels)]))


def check_teacher(logits: NDArray[np.float32], validation: Split, task: Task) -> None:
    """Raise GateError unless the teacher's validation PR-AUC is above chance with its whole interval.

    A student of a teacher that knows nothing learns nothing from it, however well the table looks.
    """
    interval, chance = validation_interval(logits, validation, task)
    if interval.low <= chance + TIE:
        raise GateError(
            f"the teacher's PR-AUC on validation is {interval.estimate:.3f} (95 % interval {interval.low:.3f} to "
            f"{interval.high:.3f}), not clearly above chance ({chance:.3f}): nothing can be distilled from it. "
            "Train it longer or on more rows, or name a fine-tuned model under [teacher]"
        )


def check_trained_count(arm: str, recipe: BaseRecipe, model: TrainedModel) -> None:
    """Raise GateError where the number of parameters trained is not what the recipe implies: all but `frozen`.

    What trains adapters counts them itself.
    """
    total, trained = model.parameters
    implied = total - frozen_parameters(recipe, model.classifier.model)
    if trained != implied and not isinstance(recipe, AdapterRecipe):
        raise GateError(
            f"{arm} trained {trained:,} of {total:,} parameters, its recipe implies {implied:,}: a part of the model "
            "was frozen, or was not to be trained; let its `make` train what it says, or its `frozen` say what not"
        )


def check_fine_tuned(fresh: tuple[str, ...], name: str) -> None:
    """Raise GateError where a model given as fine-tuned has parameters that its files did not hold."""
    if fresh:
        raise GateError(
            f"the teacher {name} is not fine-tuned: {some_of(fresh)} are not in its files and would be random. "
            "Name it as [teacher] encoder to have it fine-tuned here"
        )
