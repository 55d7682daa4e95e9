"""Which method carries out a recipe: a new one is a file in this folder and a name in this list."""

from transformers import PreTrainedModel

from potstill.methods import finetune, hybrid, lora, progressive, small, student, untrained
from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.method import Method
from potstill.recipes.base import BaseRecipe

METHODS: tuple[Method, ...] = (
    student.METHOD, finetune.METHOD, untrained.METHOD, lora.METHOD, hybrid.METHOD, progressive.METHOD, small.METHOD,
)  # fmt: skip


def method_of(recipe: BaseRecipe) -> Method:
    """The method of a recipe's class."""
    return next(method for method in METHODS if method.recipe is type(recipe))


def make_model(recipe: BaseRecipe, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    """Carry a recipe out. The teacher is not changed."""
    return method_of(recipe).make(recipe, context, teacher, seed)


def frozen_parameters(recipe: BaseRecipe, model: PreTrainedModel) -> int:
    """How many parameters of `model`, which the recipe makes, it leaves as they are."""
    return method_of(recipe).frozen(recipe, model)
