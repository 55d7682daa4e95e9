"""Control: the same layers without any training, so that what training adds can be seen."""

from typing import Literal

from potstill.recipes.layer_pruned import LayerPrunedRecipe


class Untrained(LayerPrunedRecipe):
    """The layer-pruned student as it comes off the teacher."""

    role = "control"
    kind: Literal["untrained"] = "untrained"

    def seeded(self) -> bool:
        return False

    def describe(self) -> str:
        return f"control: {self.describe_layers()}, not trained"
