"""A student with some of the teacher's layers, distilled from it."""

from dataclasses import replace

from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.layer_pruned import distillation, layer_pruned
from potstill.methods.method import Method
from potstill.models.classifier import Classifier, count_parameters, open_encoder
from potstill.models.forward import predict_logits
from potstill.recipes.student import Student
from potstill.training.objective import TeacherOutputs


def make(recipe: Student, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    """Prune the teacher's layers and distil; where the recipe says so, from an untrained teacher."""
    if recipe.teacher == "untrained":
        teacher = _untrained_teacher(context, seed)
    model, plan = layer_pruned(recipe, teacher)
    objective = replace(
        distillation(recipe, context, replace(teacher.outputs, model=teacher.classifier.model)),
        cosine_weight=recipe.cosine_weight, hidden_weight=recipe.hidden_weight, hidden_loss=recipe.hidden_loss,
    )  # fmt: skip
    training = context.fit(model, seed, objective)
    student = Classifier(model, teacher.classifier.tokenizer)
    return TrainedModel(student, count_parameters(model), training, plan)


def _untrained_teacher(context: TrainingContext, seed: int) -> TeacherSignal:
    """The pretrained encoder under a random head, with its answers on the training rows."""
    assert context.encoder is not None, "a study without an encoder refuses such a student"
    start = open_encoder(context.encoder, context.task, seed)
    start.model.eval()
    logits = predict_logits(start.model, context.rows, batch_size=context.training.batch_size)
    return TeacherSignal(start, TeacherOutputs(logits))


METHOD = Method(Student, make)
