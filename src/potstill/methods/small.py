"""What a practitioner would try instead: another encoder that is small already."""

from dataclasses import replace

from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.method import Method
from potstill.models.classifier import Classifier, count_parameters, open_encoder
from potstill.models.encoder import find_encoder
from potstill.models.forward import encode
from potstill.recipes.small import Small


def make(recipe: Small, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    """Fine-tune the recipe's own encoder on the same texts, as its own tokenizer reads them."""
    start = open_encoder(find_encoder(recipe.encoder, recipe.revision, context.root), context.task, seed)
    rows = encode(start.tokenizer, context.texts, max_length=context.training.max_length)
    context = replace(context, rows=rows, tokenizer=start.tokenizer)
    objective = context.distillation()
    if recipe.loss == "kd":
        soft = {"ce_weight": 0.5, "kl_weight": 0.5, "temperature": recipe.temperature}
        objective = context.distillation(teacher.outputs, **soft)
    training = context.fit(start.model, seed, objective)
    return TrainedModel(Classifier(start.model, start.tokenizer), count_parameters(start.model), training)


METHOD = Method(Small, make)
