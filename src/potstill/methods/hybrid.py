"""A student distilled through adapters: as small as a student, as cheap to train as LoRA."""

from potstill.methods.adapter import train_adapter
from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.layer_pruned import distillation, layer_pruned
from potstill.methods.method import Method
from potstill.models.classifier import Classifier
from potstill.recipes.hybrid import Hybrid


def make(recipe: Hybrid, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    """Prune the teacher's layers, distil through adapters, merge them."""
    model, plan = layer_pruned(recipe, teacher)
    start = Classifier(model, teacher.classifier.tokenizer)
    return train_adapter(recipe, context, start, seed, distillation(recipe, context, teacher.outputs), layers=plan)


METHOD = Method(Hybrid, make)
