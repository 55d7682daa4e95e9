"""A student with some of the teacher's layers, distilled from it."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from potstill.methods.bench import Bench, Gate, Made, Taught
from potstill.methods.carved import DistilledMethod
from potstill.models.classifier import Classifier, count_parameters, open_encoder
from potstill.models.forward import predict_logits
from potstill.training.losses import HiddenLoss
from potstill.training.objective import Distillation, Guidance


class Student(DistilledMethod):
    """The usual losses: cross-entropy on the labels, KL to the teacher's softened logits, and, where asked for,
    the cosine between both models' logits and the last hidden state (Hinton et al., 2015; Sanh et al., 2019).

    `teacher = "untrained"` carves and distils from the pretrained encoder under a random head, drawn by the run's seed:
    what many notebooks do without noticing. The gate `random_teacher` refuses it.
    `unlabelled = true` also distils on the study's rows without labels, within the tokens that the others spend.
    """

    kind: Literal["student"] = "student"
    teacher: Literal["trained", "untrained"] = "trained"
    cosine_weight: float = Field(default=0.0, ge=0)
    hidden_weight: float = Field(default=0.0, ge=0)
    hidden_loss: HiddenLoss = "cosine"
    unlabelled: bool = False

    def family(self) -> str:
        return "student"

    def needs_waived(self) -> list[Gate]:
        return [*super().needs_waived(), *(["random_teacher"] if self.teacher == "untrained" else [])]

    def words(self) -> str:
        teacher = "the teacher" if self.teacher == "trained" else "an untrained teacher"
        more = ", on rows without labels too" if self.unlabelled else ""
        return f"{self.which()} of {teacher}, distilled from it{more}"

    def needs_encoder(self) -> bool:
        return self.teacher == "untrained"

    def uses_unlabelled(self) -> bool:
        return self.unlabelled

    def objective(self, bench: Bench, guidance: Guidance) -> Distillation:
        return replace(
            super().objective(bench, guidance),
            cosine_weight=self.cosine_weight, hidden_weight=self.hidden_weight, hidden_loss=self.hidden_loss,
        )  # fmt: skip

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        if self.teacher == "untrained":
            taught = _untrained(bench, seed)
        model, plan = self.carved(taught)
        guidance = replace(taught.guidance, model=taught.classifier.model)
        trained = bench.fit(model, seed, self.objective(bench, guidance))
        student = Classifier(model, taught.classifier.tokenizer)
        return Made(student, count_parameters(model), trained, plan)


def _untrained(bench: Bench, seed: int) -> Taught:
    """The pretrained encoder under a random head, with its answers on the training rows."""
    assert bench.encoder is not None, "a study without an encoder refuses such a student"
    start = open_encoder(bench.encoder, bench.task, seed)
    start.model.eval()
    return Taught(start, Guidance(predict_logits(start.model, bench.rows, batch_size=bench.training.batch_size)))
