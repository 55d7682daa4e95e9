"""What a practitioner would try instead: another encoder that is small already."""

from typing import Literal

from pydantic import Field

from potstill.recipes.base import BaseRecipe


class Small(BaseRecipe):
    """A smaller pretrained encoder under a new head, fine-tuned on the same rows.

    It has a tokenizer of its own. `loss = "kd"` adds the teacher's softened answers, which need no common vocabulary
    (Turc et al., 2019, "Well-Read Students Learn Better").
    """

    kind: Literal["small"] = "small"
    encoder: str
    revision: str | None = None
    loss: Literal["ce", "kd"] = "ce"
    temperature: float = Field(default=2.0, gt=0)

    def family(self) -> str:
        return "small"

    def describe(self) -> str:
        targets = ", with the teacher's soft targets" if self.loss == "kd" else ""
        return f"the encoder {self.encoder}, fine-tuned in full{targets}"

    def own_encoder(self) -> tuple[str, str | None]:
        return self.encoder, self.revision
