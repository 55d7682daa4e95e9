"""Control: the same layers without any training, so that what training adds can be seen."""

from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.layer_pruned import layer_pruned
from potstill.methods.method import Method
from potstill.models.classifier import Classifier, count_parameters
from potstill.recipes.untrained import Untrained


def make(recipe: Untrained, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    """Prune the teacher's layers, and no more."""
    model, plan = layer_pruned(recipe, teacher)
    model.eval()
    total, _ = count_parameters(model)
    return TrainedModel(Classifier(model, teacher.classifier.tokenizer), (total, 0), layers=plan)


METHOD = Method(Untrained, make)
