"""A student that comes to its teacher's place step by step instead of all at once."""

from dataclasses import replace

from potstill.domain.layers import LayerPlan
from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.layer_pruned import distillation, layer_pruned
from potstill.methods.method import Method
from potstill.models.classifier import Classifier, count_parameters
from potstill.models.layer_stack import depth_of, prune_layers
from potstill.recipes.progressive import Progressive, epochs_of_stages, plan_stages
from potstill.training.layerwise import Layerwise
from potstill.training.loop import TrainResult, one_after_another
from potstill.training.theseus import Theseus, replaceable_layers

ANOTHER_ORDER = 1_000_003
"""Added to the seed of each further stage; more than anybody's seeds lie apart."""


def make(recipe: Progressive, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    """Prune and distil by the recipe's schedule."""
    if recipe.schedule == "stages":
        return _by_stages(recipe, context, teacher, seed)
    model, plan = layer_pruned(recipe, teacher)
    rest = distillation(recipe, context, teacher.outputs)
    steps = int(recipe.share * context.steps(seed))
    if recipe.schedule == "theseus":
        with replaceable_layers(model, teacher.classifier.model, seed) as replacing:
            training = context.fit(model, seed, Theseus(rest, replacing, start=recipe.start, steps=steps))
    else:
        layers = len(plan.kept)
        layerwise = Layerwise(teacher.classifier.model, rest, layers=layers, steps=steps, match=recipe.match)
        training = context.fit(model, seed, layerwise)
    student = Classifier(model, teacher.classifier.tokenizer)
    return TrainedModel(student, count_parameters(model), training, plan)


def _by_stages(recipe: Progressive, context: TrainingContext, teacher: TeacherSignal, seed: int) -> TrainedModel:
    model, objective = teacher.classifier.model, distillation(recipe, context, teacher.outputs)
    goal = recipe.plan(depth_of(model))
    so_far = LayerPlan.all_of(goal.depth)
    plans = plan_stages(goal, recipe.stages)
    results: list[TrainResult] = []
    epochs_each = epochs_of_stages(context.training, len(plans))
    for number, (plan, epochs) in enumerate(zip(plans, epochs_each, strict=True)):
        step = LayerPlan(depth=len(so_far.kept), kept=tuple(so_far.kept.index(layer) for layer in plan.kept))
        so_far = so_far.then(step)
        model = prune_layers(model, step, recorded=so_far)
        budget = None if context.token_budget is None else context.token_budget // len(plans)
        training = context.training.model_copy(update={"epochs": epochs})
        stage = replace(context, training=training, token_budget=budget)
        # The same seed again would begin with the same rows: a stage shorter than an epoch saw no others.
        results.append(stage.fit(model, seed + number * ANOTHER_ORDER, objective))
    student = Classifier(model, teacher.classifier.tokenizer)
    return TrainedModel(student, count_parameters(model), one_after_another(results), goal)


METHOD = Method(Progressive, make)
