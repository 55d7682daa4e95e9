"""What every method that carves a student out of a teacher shares: which layers it keeps."""

from pydantic import Field
from transformers import PreTrainedModel

from potstill.domain.layers import LayerPlan, LayerRule, plan_layers
from potstill.methods.bench import Gate, Method, Taught
from potstill.models.layer_stack import carve, depth_of


class CarvedMethod(Method):
    """A student with some of the teacher's layers; see `plan_layers` for the rules that `keep` can name."""

    keep: LayerRule | list[int] = "even"
    num_layers: int | None = Field(default=None, ge=1)
    reorder: bool = False

    def needs_waived(self) -> list[Gate]:
        disordered = isinstance(self.keep, list) and self.keep != sorted(self.keep)
        return ["layer_order"] if disordered else []

    def plan(self, depth: int) -> LayerPlan:
        return plan_layers(self.keep, depth, self.num_layers, reorder=self.reorder)

    def carved(self, taught: Taught) -> tuple[PreTrainedModel, LayerPlan]:
        """A fresh student and the plan it was carved by."""
        plan = self.plan(depth_of(taught.classifier.model))
        return carve(taught.classifier.model, plan), plan

    def which(self) -> str:
        """The layers in words."""
        return self.keep if isinstance(self.keep, str) else f"layers {self.keep}"
