"""Control: the same student without the teacher, so that what distilling adds can be seen."""

from typing import Literal

from potstill.methods.bench import Bench, Made, Taught
from potstill.methods.carved import CarvedMethod
from potstill.models.classifier import Classifier, count_parameters


class Finetune(CarvedMethod):
    """The carved student, trained on the labels alone with the same rows and steps."""

    role = "control"
    kind: Literal["finetune"] = "finetune"

    def family(self) -> str:
        return "student"

    def words(self) -> str:
        return f"control: {self.which()}, trained without the teacher"

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        model, plan = self.carved(taught)
        trained = bench.fit(model, seed)
        return Made(Classifier(model, taught.classifier.tokenizer), count_parameters(model), trained, plan)
