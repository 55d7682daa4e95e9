"""What every method that trains adapters shares: their settings, the audit of what is trained, the merge."""

import copy
from typing import cast

from pydantic import Field
from transformers import PreTrainedModel

from potstill.domain.layers import LayerPlan
from potstill.methods.bench import Bench, Made, Method, Training
from potstill.models.classifier import Classifier, count_parameters
from potstill.models.lora import LoraSettings, add_lora, audit, implied_parameters, merge
from potstill.training.objective import Objective

# LoRA wants about ten times the rate of full fine-tuning; where neither the arm nor a search sets one, this is used.
RATE_OVER_FULL = 10


class AdaptedMethod(Method):
    """Low-rank adapters (Hu et al., 2021; peft) in peft's names; `target_modules` None: query and value."""

    r: int = Field(default=8, ge=1)
    lora_alpha: int = Field(default=32, ge=1)
    lora_dropout: float = Field(default=0.1, ge=0, lt=1)
    target_modules: list[str] | None = None

    def trains_head(self) -> bool:
        """Whether the head is trained in full beside the adapters."""
        return True

    def adapters(self) -> LoraSettings:
        """What is put on the model."""
        return LoraSettings(self.r, self.lora_alpha, self.lora_dropout, self.target_modules, self.trains_head())

    def trained_as(self, training: Training) -> Training:
        scaled = training.model_copy(update={"learning_rate": training.learning_rate * RATE_OVER_FULL})
        return super().trained_as(scaled)

    def adapted(
        self, bench: Bench, start: Classifier, seed: int, objective: Objective, layers: LayerPlan | None = None
    ) -> Made:
        """Train adapters on `start`, which they change, and merge them into a plain model."""
        train_head = self.trains_head()
        settings = self.adapters()
        implied = implied_parameters(start.model, settings, start.fresh)
        model = add_lora(start.model, settings, fresh=start.fresh, seed=seed)
        said = audit(model, start.fresh if train_head else (), implied)
        trained = bench.fit(cast(PreTrainedModel, model), seed, objective)
        trainable = count_parameters(model)[1]
        adapter = copy.deepcopy(model)
        plain, proof = merge(model, start.tokenizer, max_length=bench.training.max_length)
        parameters = count_parameters(plain)[0], trainable
        return Made(
            Classifier(plain, start.tokenizer), parameters, trained, layers, audit=[*said, proof],
            save_adapter=lambda folder: adapter.save_pretrained(str(folder)),
        )  # fmt: skip
