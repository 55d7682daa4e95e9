"""What every recipe that trains low-rank adapters shares."""

from typing import ClassVar, Literal

from pydantic import Field

from potstill.recipes.base import BaseRecipe

Targets = Literal["query-value", "attention", "all"]
"""Where adapters may go: where LoRA's authors put them, at keys too, or at every product of a layer."""


class AdapterRecipe(BaseRecipe):
    """Low-rank adapters (Hu et al., 2021; peft) in peft's names; `target_modules` None: query and value."""

    rate_factor: ClassVar[float] = 10.0  # LoRA wants about ten times the rate of full fine-tuning

    r: int = Field(default=8, ge=1)
    lora_alpha: int = Field(default=32, ge=1)
    lora_dropout: float = Field(default=0.1, ge=0, lt=1)
    target_modules: list[str] | None = None

    def trains_head(self) -> bool:
        """Whether the head is trained in full beside the adapters."""
        return True
