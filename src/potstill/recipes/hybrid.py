"""A student distilled through adapters: as small as a student, as cheap to train as LoRA."""

from typing import Literal

from potstill.recipes.adapter import AdapterRecipe
from potstill.recipes.layer_pruned import DistilledRecipe


class Hybrid(AdapterRecipe, DistilledRecipe):
    """Low-rank adapters on the layer-pruned student and its head, taught as a student is, then merged."""

    kind: Literal["hybrid"] = "hybrid"

    def family(self) -> str:
        return "hybrid"

    def describe(self) -> str:
        return f"{self.describe_layers()} of the teacher, distilled from it through LoRA r={self.r}, merged"
