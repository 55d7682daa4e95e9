"""LoRA on all layers: cheap to train, and merged as large and as slow as the teacher."""

from typing import Literal

from pydantic import Field

from potstill.domain.layers import LayerPlan
from potstill.recipes.adapter import AdapterRecipe
from potstill.recipes.base import Gate


class Lora(AdapterRecipe):
    """Low-rank adapters and the head.

    `init = "base"` starts from the pretrained encoder under a new head, as a user without a teacher would;
    `"teacher"` from the teacher with its head. `loss = "kd"` adds the teacher's soft targets. `train_head = false`
    leaves the head as it is: with `init = "base"` random, which the gate `frozen_head` refuses.
    """

    role = "whole"
    kind: Literal["lora"] = "lora"
    init: Literal["base", "teacher"] = "base"
    loss: Literal["ce", "kd"] = "ce"
    train_head: bool = True
    temperature: float = Field(default=2.0, gt=0)

    def needs_waived(self) -> list[Gate]:
        return [] if self.train_head or self.init == "teacher" else ["frozen_head"]

    def needs_encoder(self) -> bool:
        return self.init == "base"

    def trains_head(self) -> bool:
        return self.train_head

    def family(self) -> str:
        return "lora"

    def describe(self) -> str:
        start = "the pretrained encoder" if self.init == "base" else "the teacher"
        targets = ", with its soft targets" if self.loss == "kd" else ""
        return f"LoRA r={self.r} on all layers of {start}{targets}{'' if self.train_head else ', its head frozen'}"

    def plan(self, depth: int) -> LayerPlan:
        return LayerPlan.all_of(depth)
