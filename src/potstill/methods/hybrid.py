"""A student distilled through adapters: as small as a student, as cheap to train as LoRA."""

from typing import Literal

from potstill.methods.adapted import AdaptedMethod
from potstill.methods.bench import Bench, Made, Taught
from potstill.methods.carved import DistilledMethod
from potstill.models.classifier import Classifier


class Hybrid(AdaptedMethod, DistilledMethod):
    """Low-rank adapters on the carved student and its head, taught as a student is, then merged."""

    kind: Literal["hybrid"] = "hybrid"

    def family(self) -> str:
        return "hybrid"

    def words(self) -> str:
        return f"{self.which()} of the teacher, distilled from it through LoRA r={self.r}, merged"

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        model, plan = self.carved(taught)
        start = Classifier(model, taught.classifier.tokenizer)
        return self.adapted(bench, start, seed, self.objective(bench, taught.guidance), layers=plan)
