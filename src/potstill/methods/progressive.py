"""A student that comes to its teacher's place step by step instead of all at once."""

from dataclasses import replace
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from potstill.domain.errors import StudyError
from potstill.domain.layers import LayerPlan
from potstill.methods.bench import Bench, Made, Taught, Training
from potstill.methods.carved import DistilledMethod
from potstill.models.classifier import Classifier, count_parameters
from potstill.models.layer_stack import depth_of, prune_layers
from potstill.training.layerwise import Layerwise, Match
from potstill.training.loop import TrainResult, one_after_another
from potstill.training.theseus import Theseus, replaceable_layers

Schedule = Literal["layerwise", "stages", "theseus"]

ANOTHER_ORDER = 1_000_003
"""Added to the seed of each further stage; more than anybody's seeds lie apart."""


class Progressive(DistilledMethod):
    """The plain student's layers, losses and steps, spent in another order.

    `layerwise`: in `share` of the steps the student's layers learn, one after another from the bottom, the states of
    their blocks of the teacher's layers (the `last` of a block or the `mean`); then all of it learns as a student does.
    `stages`: the layers that are dropped go in several stages, each distilled from the teacher; `stages` names how
    many are kept after each, and None goes half of the way first. `theseus`: a student's layer stands in for its block
    of the teacher with a probability that rises from `start` to 1 within `share` of the steps, and alone after that
    (Xu et al., 2020).
    """

    kind: Literal["progressive"] = "progressive"
    schedule: Schedule = "layerwise"
    share: float = Field(default=0.5, ge=0, le=1)
    match: Match = "last"
    start: float = Field(default=0.5, ge=0, le=1)
    stages: list[int] | None = None

    @model_validator(mode="after")
    def _leaves_steps(self) -> Self:
        if self.schedule == "layerwise" and self.share == 1:
            raise ValueError("share = 1 leaves no step for the embeddings and the head: choose less than 1")
        return self

    def family(self) -> str:
        return "student"

    def words(self) -> str:
        how = {
            "layerwise": f"each layer first taught the {self.match} states of its block",
            "stages": "dropped in stages",
            "theseus": "standing in for the teacher's more and more often",
        }
        return f"{self.which()} of the teacher, {how[self.schedule]}, distilled from it"

    def refuse(self, depth: int, training: Training) -> None:
        super().refuse(depth, training)
        if self.schedule == "stages":
            _epochs_of_stages(training, len(staged(self._as_many(depth), self.stages)))

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        if self.schedule == "stages":
            return self._by_stages(bench, taught, seed)
        model, plan = self.carved(taught)
        rest, teacher = self.objective(bench, taught.guidance), taught.classifier.model
        steps = int(self.share * bench.steps(seed))
        if self.schedule == "theseus":
            with replaceable_layers(model, teacher, seed) as replacing:
                trained = bench.fit(model, seed, Theseus(rest, replacing, start=self.start, steps=steps))
        else:
            layerwise = Layerwise(teacher, rest, layers=len(plan.kept), steps=steps, match=self.match)
            trained = bench.fit(model, seed, layerwise)
        return Made(Classifier(model, taught.classifier.tokenizer), count_parameters(model), trained, plan)

    def _by_stages(self, bench: Bench, taught: Taught, seed: int) -> Made:
        model, objective = taught.classifier.model, self.objective(bench, taught.guidance)
        goal = self.plan(depth_of(model))
        so_far = LayerPlan.all_of(goal.depth)
        plans = staged(goal, self.stages)
        results: list[TrainResult] = []
        each = _epochs_of_stages(bench.training, len(plans))
        for number, (plan, epochs) in enumerate(zip(plans, each, strict=True)):
            step = LayerPlan(depth=len(so_far.kept), kept=tuple(so_far.kept.index(layer) for layer in plan.kept))
            so_far = so_far.then(step)
            model = prune_layers(model, step, recorded=so_far)
            tokens = None if bench.tokens is None else bench.tokens // len(plans)
            stage = replace(bench, training=bench.training.model_copy(update={"epochs": epochs}), tokens=tokens)
            # The same seed again would begin with the same rows: a stage shorter than an epoch saw no others.
            results.append(stage.fit(model, seed + number * ANOTHER_ORDER, objective))
        student = Classifier(model, taught.classifier.tokenizer)
        return Made(student, count_parameters(model), one_after_another(results), goal)


def staged(goal: LayerPlan, sizes: list[int] | None) -> list[LayerPlan]:
    """Plans that end with `goal`, each a part of the one before, of these sizes.

    What goes first is spread evenly over the layers that are to go.

    Raises:
        StudyError: the sizes do not fall, or do not end with the goal's.
    """
    last = len(goal.kept)
    sizes = sizes or [*([(goal.depth + last) // 2] if goal.depth - last > 1 else []), last]
    if sizes[-1] != last or any(not small < large for large, small in pairwise([goal.depth, *sizes])):
        raise StudyError(f"stages {sizes} must fall from below the teacher's {goal.depth} layers to {last}")
    if goal.reorder:
        raise StudyError("stages cannot put layers in another order")
    going = [layer for layer in range(goal.depth) if layer not in goal.kept]
    plans: list[LayerPlan] = []
    for size in sizes:
        spared = size - last
        kept_back = {going[(2 * n + 1) * len(going) // (2 * spared)] for n in range(spared)}
        going = [layer for layer in going if layer in kept_back]
        plans.append(LayerPlan(depth=goal.depth, kept=tuple(sorted([*goal.kept, *going]))))
    return plans


def _epochs_of_stages(training: Training, stages: int) -> list[int]:
    """The epochs of each stage; the last have more where they cannot be equal."""
    # An equal budget says in tokens how long a stage is; where it is not known yet, a stage has an epoch at least.
    epochs = max(training.epochs, stages) if training.budget == "equal" else training.epochs
    if epochs < stages:
        raise StudyError(f'{stages} stages need at least as many epochs, not {epochs}; budget = "equal" shares tokens')
    few, more = divmod(epochs, stages)
    return [few + (stage >= stages - more) for stage in range(stages)]
