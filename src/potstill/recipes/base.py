"""What every recipe has: the settings of one compression method, as a frozen record that needs no torch."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from potstill.domain.layers import LayerPlan
from potstill.domain.study_record import Role
from potstill.recipes.training import TrainingSettings

Gate = Literal["random_teacher", "frozen_head", "layer_order"]
"""Refusals that a study can waive by name: distilling from an untrained teacher, a head that stays random and frozen,
and layers in another order than the teacher's."""


class BaseRecipe(BaseModel):
    """Base of every recipe. `learning_rate` and `epochs` override the study's. `methods/` carries recipes out."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: ClassVar[Role] = "smaller"
    rate_factor: ClassVar[float] = 1.0
    """What the study's learning rate is multiplied by, where neither the recipe nor a search sets one."""

    learning_rate: float | None = Field(default=None, gt=0)
    epochs: int | None = Field(default=None, ge=1)

    def needs_waived(self) -> list[Gate]:
        """The gates that refuse these settings."""
        return []

    def family(self) -> str | None:
        """Arms of one family share a learning rate where the study searches for it; None: nothing is trained."""
        return None

    def own_encoder(self) -> tuple[str, str | None] | None:
        """Name and revision of the encoder that it starts from, where that is neither the teacher nor the study's."""
        return None

    def needs_encoder(self) -> bool:
        """Whether it starts from the study's pretrained encoder, which a teacher given as a model need not name."""
        return False

    def uses_unlabelled(self) -> bool:
        """Whether rows without labels are among those that it is given."""
        return False

    def seeded(self) -> bool:
        """Whether another seed gives another result."""
        return True

    def plan(self, depth: int) -> LayerPlan | None:
        """The layers kept of a teacher of `depth`; None where the recipe does not choose layers."""
        return None

    def check(self, depth: int, training: TrainingSettings) -> None:
        """Raise StudyError where these settings do not fit a teacher of `depth` layers, or this training."""
        self.plan(depth)

    def describe(self) -> str:
        """One line that says what the arm is."""
        raise NotImplementedError

    def training_settings(self, training: TrainingSettings, searched_rate: float | None = None) -> TrainingSettings:
        """The study's training settings as they hold for this recipe: the one place where its rate is settled.

        The recipe's own learning rate goes first, then `searched_rate`, which a search found for its family, then the
        study's times `rate_factor`.
        """
        rate = self.learning_rate or searched_rate or training.learning_rate * self.rate_factor
        return training.model_copy(update={"learning_rate": rate, "epochs": self.epochs or training.epochs})
