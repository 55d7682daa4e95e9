"""LoRA on all layers: cheap to train, and merged as large and as slow as the teacher."""

import copy

from potstill.methods.adapter import train_adapter
from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.method import Method
from potstill.models.classifier import Classifier, open_encoder
from potstill.recipes.lora import Lora
from potstill.training.objective import Distillation


def make(recipe: Lora, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    """Train adapters on all layers of the encoder or of the teacher, and merge them."""
    return train_adapter(recipe, context, _start(recipe, context, teacher, seed), seed, _loss(recipe, context, teacher))


def _loss(recipe: Lora, context: TrainingContext, teacher: TeacherSignal) -> Distillation:
    if recipe.loss == "ce":
        return context.distillation()
    return context.distillation(teacher.outputs, ce_weight=0.5, kl_weight=0.5, temperature=recipe.temperature)


def _start(recipe: Lora, context: TrainingContext, teacher: TeacherSignal, seed: int) -> Classifier:
    if recipe.init == "teacher":
        return Classifier(copy.deepcopy(teacher.classifier.model), teacher.classifier.tokenizer)
    assert context.encoder is not None, "a study without an encoder refuses such an arm"
    return open_encoder(context.encoder, context.task, seed)


METHOD = Method(Lora, make)
