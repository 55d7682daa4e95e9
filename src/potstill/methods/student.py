"""A student with some of the teacher's layers, distilled from it."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from potstill.methods.bench import Bench, Made, Taught
from potstill.methods.carved import CarvedMethod
from potstill.models.classifier import Classifier, count_parameters
from potstill.training.losses import HiddenLoss


class Student(CarvedMethod):
    """Patient ground rules: cross-entropy on the labels, KL to the teacher's softened logits, and, where asked for,
    the last hidden state (Hinton et al., 2015; Sanh et al., 2019)."""

    kind: Literal["student"] = "student"
    ce_weight: float = Field(default=0.5, ge=0)
    kl_weight: float = Field(default=0.5, ge=0)
    temperature: float = Field(default=2.0, gt=0)
    hidden_weight: float = Field(default=0.0, ge=0)
    hidden_loss: HiddenLoss = "cosine"

    def family(self) -> str:
        return "student"

    def words(self) -> str:
        return f"{self.which()} layers of the teacher, distilled from it"

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        model, plan = self.carved(taught)
        guidance = taught.guidance
        if self.hidden_weight:
            guidance = replace(guidance, model=taught.classifier.model)
        trained = bench.fit(
            model, seed, guidance,
            ce_weight=self.ce_weight, kl_weight=self.kl_weight, temperature=self.temperature,
            hidden_weight=self.hidden_weight, hidden_loss=self.hidden_loss,
        )  # fmt: skip
        student = Classifier(model, taught.classifier.tokenizer)
        return Made(student, count_parameters(model), trained, plan)
