"""LoRA on all layers: cheap to train, and merged as large and as slow as the teacher."""

import copy
from typing import Literal, cast

from pydantic import Field
from transformers import PreTrainedModel

from potstill.domain.errors import StudyError
from potstill.methods.bench import Bench, Gate, Made, Method, Taught, Training
from potstill.models.classifier import Classifier, count_parameters, open_encoder
from potstill.models.lora import add_lora, audit, merge

# LoRA wants about ten times the rate of full fine-tuning; where neither the arm nor a search sets one, this is used.
RATE_OVER_FULL = 10


class Lora(Method):
    """Low-rank adapters and the head (Hu et al., 2021; peft).

    `init = "base"` starts from the pretrained encoder under a new head, as a user without a teacher would;
    `"teacher"` from the teacher with its head. `loss = "kd"` adds the teacher's soft targets. `train_head = false`
    leaves the head as it is: with `init = "base"` random, which the gate `frozen_head` refuses.
    """

    kind: Literal["lora"] = "lora"
    init: Literal["base", "teacher"] = "base"
    loss: Literal["ce", "kd"] = "ce"
    r: int = Field(default=8, ge=1)
    lora_alpha: int = Field(default=32, ge=1)
    lora_dropout: float = Field(default=0.1, ge=0, lt=1)
    target_modules: list[str] | None = None
    train_head: bool = True
    temperature: float = Field(default=2.0, gt=0)

    def needs_waived(self) -> list[Gate]:
        return [] if self.train_head or self.init == "teacher" else ["frozen_head"]

    def family(self) -> str:
        return "lora"

    def words(self) -> str:
        start = "the pretrained encoder" if self.init == "base" else "the teacher"
        targets = ", with its soft targets" if self.loss == "kd" else ""
        return f"LoRA r={self.r} on all layers of {start}{targets}{'' if self.train_head else ', its head frozen'}"

    def trained_as(self, training: Training) -> Training:
        scaled = training.model_copy(update={"learning_rate": training.learning_rate * RATE_OVER_FULL})
        return super().trained_as(scaled)

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        start = self._start(bench, taught, seed)
        model = add_lora(
            start.model, r=self.r, lora_alpha=self.lora_alpha, lora_dropout=self.lora_dropout,
            target_modules=self.target_modules, train_head=self.train_head, fresh=start.fresh,
            seed=seed,
        )  # fmt: skip
        said = audit(model, start.fresh if self.train_head else ())
        loss = {"ce_weight": 0.5, "kl_weight": 0.5, "temperature": self.temperature} if self.loss == "kd" else {}
        trained = bench.fit(cast(PreTrainedModel, model), seed, taught.guidance if loss else None, **loss)
        parameters = count_parameters(model)
        adapter = copy.deepcopy(model)
        plain, proof = merge(model, start.tokenizer, max_length=bench.training.max_length)
        merged = Classifier(plain, start.tokenizer)
        return Made(
            merged,
            parameters,
            trained,
            audit=[*said, proof],
            save_adapter=lambda folder: adapter.save_pretrained(str(folder)),
        )

    def _start(self, bench: Bench, taught: Taught, seed: int) -> Classifier:
        if self.init == "teacher":
            return Classifier(copy.deepcopy(taught.classifier.model), taught.classifier.tokenizer)
        if bench.encoder is None:
            raise StudyError('a LoRA arm with init = "base" needs [teacher] encoder; or set init = "teacher"')
        return open_encoder(bench.encoder, bench.task, seed)
