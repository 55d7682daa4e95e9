"""What every method that carves a student out of a teacher shares: which layers it keeps, and how it is taught."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field
from transformers import PreTrainedModel

from potstill.domain.errors import StudyError
from potstill.domain.layers import SEARCH, LayerPlan, LayerRule, plan_layers
from potstill.methods.bench import Bench, Gate, Method, Taught, Training
from potstill.models.layer_stack import depth_of, prune_layers
from potstill.training.objective import Distillation, Guidance


class CarvedMethod(Method):
    """A student with some of the teacher's layers; see `plan_layers` for the rules that `keep` can name. With "search"
    the study finds them, once it has its teacher."""

    keep: LayerRule | Literal["search"] | list[int] = "even"
    num_layers: int | None = Field(default=None, ge=1)
    reorder: bool = False

    def needs_waived(self) -> list[Gate]:
        disordered = isinstance(self.keep, list) and self.keep != sorted(self.keep)
        return ["layer_order"] if disordered else []

    @property
    def is_searched(self) -> bool:
        """Whether the layers have still to be found."""
        return self.keep == SEARCH

    def count(self, depth: int) -> int:
        """How many layers of a teacher of `depth` it keeps."""
        return len(self.keep) if isinstance(self.keep, list) else self.num_layers or depth // 2

    def with_layers(self, kept: Sequence[int]) -> Self:
        """The same method with these layers."""
        return self.model_copy(update={"keep": list(kept), "num_layers": None})

    def plan(self, depth: int) -> LayerPlan:
        if self.keep == SEARCH:
            raise StudyError("the layers are not found yet")
        return plan_layers(self.keep, depth, self.num_layers, reorder=self.reorder)

    def refuse(self, depth: int, training: Training) -> None:
        self._as_many(depth)

    def _as_many(self, depth: int) -> LayerPlan:
        """The plan, or one of as many layers where they have still to be found."""
        return self.plan(depth) if not self.is_searched else plan_layers("first", depth, self.num_layers)

    def carved(self, taught: Taught) -> tuple[PreTrainedModel, LayerPlan]:
        """A fresh student and the plan it was carved by."""
        plan = self.plan(depth_of(taught.classifier.model))
        return prune_layers(taught.classifier.model, plan), plan

    def which(self) -> str:
        """The layers in words."""
        if self.is_searched:
            return "searched layers"
        return f"{self.keep} layers" if isinstance(self.keep, str) else f"layers {self.keep}"


class DistilledMethod(CarvedMethod):
    """A carved student that learns from the labels and from the teacher's softened answers (Hinton et al., 2015)."""

    ce_weight: float = Field(default=0.5, ge=0)
    kl_weight: float = Field(default=0.5, ge=0)
    temperature: float = Field(default=2.0, gt=0)

    def objective(self, bench: Bench, guidance: Guidance) -> Distillation:
        """What the student minimises."""
        return bench.distillation(
            guidance, ce_weight=self.ce_weight, kl_weight=self.kl_weight, temperature=self.temperature
        )
