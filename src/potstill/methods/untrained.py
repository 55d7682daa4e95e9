"""Control: the same layers without any training, so that what training adds can be seen."""

from typing import Literal

from potstill.methods.bench import Bench, Made, Taught
from potstill.methods.carved import CarvedMethod
from potstill.models.classifier import Classifier, count_parameters


class Untrained(CarvedMethod):
    """The carved student as it comes off the teacher."""

    role = "control"
    kind: Literal["untrained"] = "untrained"

    def seeded(self) -> bool:
        return False

    def words(self) -> str:
        return f"control: {self.which()}, not trained"

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        model, plan = self.carved(taught)
        model.eval()
        total, _ = count_parameters(model)
        return Made(Classifier(model, taught.classifier.tokenizer), (total, 0), layers=plan)
