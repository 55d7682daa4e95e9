"""What every method that prunes a teacher's layers shares."""

from transformers import PreTrainedModel

from potstill.domain.layers import LayerPlan
from potstill.methods.context import TeacherSignal, TrainingContext
from potstill.models.layer_stack import depth_of, prune_layers
from potstill.recipes.layer_pruned import DistilledRecipe, LayerPrunedRecipe
from potstill.training.objective import Distillation, TeacherOutputs


def layer_pruned(recipe: LayerPrunedRecipe, teacher: TeacherSignal) -> tuple[PreTrainedModel, LayerPlan]:
    """A fresh student with the recipe's layers of the teacher, and the plan that says which."""
    plan = recipe.plan(depth_of(teacher.classifier.model))
    return prune_layers(teacher.classifier.model, plan), plan


def distillation(recipe: DistilledRecipe, context: TrainingContext, outputs: TeacherOutputs) -> Distillation:
    """What a distilled student minimises."""
    return context.distillation(
        outputs, ce_weight=recipe.ce_weight, kl_weight=recipe.kl_weight, temperature=recipe.temperature
    )
