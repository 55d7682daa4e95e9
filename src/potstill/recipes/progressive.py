"""A student that comes to its teacher's place step by step instead of all at once."""

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from potstill.domain.errors import StudyError
from potstill.domain.layers import LayerPlan
from potstill.recipes.layer_pruned import DistilledRecipe
from potstill.recipes.training import TrainingSettings

Schedule = Literal["layerwise", "stages", "theseus"]
Match = Literal["last", "mean"]


class Progressive(DistilledRecipe):
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

    def describe(self) -> str:
        how = {
            "layerwise": f"each layer first taught the {self.match} states of its block",
            "stages": "dropped in stages",
            "theseus": "standing in for the teacher's more and more often",
        }
        return f"{self.describe_layers()} of the teacher, {how[self.schedule]}, distilled from it"

    def check(self, depth: int, training: TrainingSettings) -> None:
        super().check(depth, training)
        if self.schedule == "stages":
            epochs_of_stages(training, len(plan_stages(self.plan_of_same_size(depth), self.stages)))


def plan_stages(goal: LayerPlan, sizes: list[int] | None) -> list[LayerPlan]:
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


def epochs_of_stages(training: TrainingSettings, stages: int) -> list[int]:
    """The epochs of each stage; the last have more where they cannot be equal.

    Raises:
        StudyError: there are fewer epochs than stages.
    """
    # An equal budget says in tokens how long a stage is; where it is not known yet, a stage has an epoch at least.
    epochs = max(training.epochs, stages) if training.budget == "equal" else training.epochs
    if epochs < stages:
        raise StudyError(f'{stages} stages need at least as many epochs, not {epochs}; budget = "equal" shares tokens')
    few, more = divmod(epochs, stages)
    return [few + (stage >= stages - more) for stage in range(stages)]
