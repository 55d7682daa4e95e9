"""A method: the code that carries out one kind of recipe."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedModel

from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.models.classifier import count_parameters
from potstill.recipes.base import BaseRecipe


def frozen_unless_trained(recipe: BaseRecipe, model: PreTrainedModel) -> int:
    """Nothing is left as it is where a family is trained; all of it where nothing is."""
    return 0 if recipe.family() else count_parameters(model)[0]


@dataclass(frozen=True)
class Method:
    """How the recipes of one class are carried out.

    `make(recipe, context, teacher, seed)` makes the model; the teacher is not changed, and the same seed on the same
    machine gives the same weights. `frozen(recipe, model)` is how many parameters of `model`, which it makes, the
    recipe leaves as they are: the plan and the gate count on it.
    """

    recipe: type[BaseRecipe]
    make: Callable[[Any, TrainingContext, TeacherSignal, int], TrainedModel]
    frozen: Callable[[Any, PreTrainedModel], int] = frozen_unless_trained
