"""A student with some of the teacher's layers, distilled from it."""

from typing import Literal

from pydantic import Field

from potstill.recipes.base import Gate
from potstill.recipes.layer_pruned import DistilledRecipe

HiddenLoss = Literal["cosine", "mse"]


class Student(DistilledRecipe):
    """The usual losses: cross-entropy on the labels, KL to the teacher's softened logits, and, where asked for,
    the cosine between both models' logits and the last hidden state (Hinton et al., 2015; Sanh et al., 2019).

    `teacher = "untrained"` prunes and distils the pretrained encoder under a random head, drawn by the run's seed:
    what many notebooks do without noticing. The gate `random_teacher` refuses it.
    `unlabelled = true` also distils on the study's rows without labels, within the tokens that the others spend.
    """

    kind: Literal["student"] = "student"
    teacher: Literal["trained", "untrained"] = "trained"
    cosine_weight: float = Field(default=0.0, ge=0)
    hidden_weight: float = Field(default=0.0, ge=0)
    hidden_loss: HiddenLoss = "cosine"
    unlabelled: bool = False

    def family(self) -> str:
        return "student"

    def needs_waived(self) -> list[Gate]:
        return [*super().needs_waived(), *(["random_teacher"] if self.teacher == "untrained" else [])]

    def describe(self) -> str:
        teacher = "the teacher" if self.teacher == "trained" else "an untrained teacher"
        more = ", on rows without labels too" if self.unlabelled else ""
        return f"{self.describe_layers()} of {teacher}, distilled from it{more}"

    def needs_encoder(self) -> bool:
        return self.teacher == "untrained"

    def uses_unlabelled(self) -> bool:
        return self.unlabelled
