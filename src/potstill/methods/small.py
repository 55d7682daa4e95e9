"""What a practitioner would try instead: another encoder that is small already."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from potstill.methods.bench import Bench, Made, Method, Taught
from potstill.models.classifier import Classifier, count_parameters, open_encoder
from potstill.models.encoder import find_encoder
from potstill.models.forward import encode


class Small(Method):
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

    def words(self) -> str:
        targets = ", with the teacher's soft targets" if self.loss == "kd" else ""
        return f"the encoder {self.encoder}, fine-tuned in full{targets}"

    def own_encoder(self) -> tuple[str, str | None]:
        return self.encoder, self.revision

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        start = open_encoder(find_encoder(self.encoder, self.revision, bench.root), bench.task, seed)
        rows = encode(start.tokenizer, bench.texts, max_length=bench.training.max_length)
        bench = replace(bench, rows=rows, tokenizer=start.tokenizer)
        soft = {"ce_weight": 0.5, "kl_weight": 0.5, "temperature": self.temperature}
        objective = bench.distillation(taught.guidance, **soft) if self.loss == "kd" else bench.distillation()
        trained = bench.fit(start.model, seed, objective)
        return Made(Classifier(start.model, start.tokenizer), count_parameters(start.model), trained)
