"""Control: the same student without the teacher, so that what distilling adds can be seen."""

from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.layer_pruned import layer_pruned
from potstill.methods.method import Method
from potstill.models.classifier import Classifier, count_parameters
from potstill.recipes.finetune import Finetune


def make(recipe: Finetune, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    """Prune the teacher's layers and train on the labels alone."""
    model, plan = layer_pruned(recipe, teacher)
    training = context.fit(model, seed)
    return TrainedModel(Classifier(model, teacher.classifier.tokenizer), count_parameters(model), training, plan)


METHOD = Method(Finetune, make)
