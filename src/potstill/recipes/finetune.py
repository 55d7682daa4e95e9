"""Control: the same student without the teacher, so that what distilling adds can be seen."""

from typing import Literal

from potstill.recipes.layer_pruned import LayerPrunedRecipe


class Finetune(LayerPrunedRecipe):
    """The layer-pruned student, trained on the labels alone with the same rows and steps."""

    role = "control"
    kind: Literal["finetune"] = "finetune"

    def family(self) -> str:
        return "student"

    def describe(self) -> str:
        return f"control: {self.describe_layers()}, trained without the teacher"
