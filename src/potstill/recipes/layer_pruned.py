"""What every recipe of a layer-pruned student shares: which layers it keeps, and how it is distilled."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field

from potstill.domain.errors import StudyError
from potstill.domain.layers import SEARCH, LayerPlan, LayerRule, plan_layers
from potstill.recipes.base import BaseRecipe, Gate
from potstill.recipes.training import TrainingSettings


class LayerPrunedRecipe(BaseRecipe):
    """A student with some of the teacher's layers; see `plan_layers` for the rules that `keep` can name. With "search"
    the study chooses them, once it has its teacher."""

    keep: LayerRule | Literal["search"] | list[int] = "even"
    num_layers: int | None = Field(default=None, ge=1)
    reorder: bool = False

    def needs_waived(self) -> list[Gate]:
        disordered = isinstance(self.keep, list) and self.keep != sorted(self.keep)
        return ["layer_order"] if disordered else []

    @property
    def is_searched(self) -> bool:
        """Whether the layers have still to be chosen."""
        return self.keep == SEARCH

    def count(self, depth: int) -> int:
        """How many layers of a teacher of `depth` it keeps."""
        return len(self.keep) if isinstance(self.keep, list) else self.num_layers or depth // 2

    def with_layers(self, kept: Sequence[int]) -> Self:
        """The same recipe with these layers."""
        return self.model_copy(update={"keep": list(kept), "num_layers": None})

    def plan(self, depth: int) -> LayerPlan:
        if self.keep == SEARCH:
            raise StudyError("the layers are not chosen yet")
        return plan_layers(self.keep, depth, self.num_layers, reorder=self.reorder)

    def check(self, depth: int, training: TrainingSettings) -> None:
        self.plan_of_same_size(depth)

    def plan_of_same_size(self, depth: int) -> LayerPlan:
        """The plan, or one of as many layers where they have still to be chosen."""
        return self.plan(depth) if not self.is_searched else plan_layers("first", depth, self.num_layers)

    def describe_layers(self) -> str:
        """Which layers it keeps, in words."""
        if self.is_searched:
            return "searched layers"
        return f"{self.keep} layers" if isinstance(self.keep, str) else f"layers {self.keep}"


class DistilledRecipe(LayerPrunedRecipe):
    """A layer-pruned student that learns from the labels and from the teacher's softened answers (Hinton et al., 2015):
    `ce_weight` and `kl_weight` weigh the two, `temperature` softens."""

    ce_weight: float = Field(default=0.5, ge=0)
    kl_weight: float = Field(default=0.5, ge=0)
    temperature: float = Field(default=2.0, gt=0)
