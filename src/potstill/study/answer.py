"""A saved model answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape

from potstill.domain.errors import ModelError
from potstill.domain.measures import Calibration
from potstill.domain.normalise import normalise
from potstill.evaluation.quality import probabilities
from potstill.models.classifier import Classifier, calm_transformers, labels_of, logits_of, open_classifier
from potstill.models.encoder import find_encoder
from potstill.models.saved import SavedDecision, read_decision

DEFAULT_LENGTH = 128


@dataclass(frozen=True)
class Answer:
    """The label, its probability, and whether the text was called positive (None for a multiclass model)."""

    text: str
    label: str
    probability: float
    flagged: bool | None


class TorchPredictor:
    """A saved model: calling it gives logits, `answer` gives verdicts."""

    def __init__(self, classifier: Classifier, decision: SavedDecision | None) -> None:
        self._classifier = classifier
        self.decision = decision
        self.labels = labels_of(classifier.model)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Logits of the texts, (n, labels) float32; the texts are normalised first."""
        length = self.decision.max_length if self.decision else DEFAULT_LENGTH
        return logits_of(self._classifier, [normalise(text) for text in texts], max_length=length).numpy()

    def answer(self, texts: Sequence[str]) -> list[Answer]:
        """The verdict on each text, by the saved temperature and threshold, or the larger logit where none is saved."""
        calibration = self.decision.calibration if self.decision else Calibration()
        shares = probabilities(self(texts), calibration.temperature)
        return [self._verdict(text, row, calibration) for text, row in zip(texts, shares, strict=True)]

    def _verdict(self, text: str, shares: NDArray[np.float64], calibration: Calibration) -> Answer:
        task = self.decision.task if self.decision else None
        if task is None or task.positive is None or calibration.threshold is None:
            best = int(shares.argmax())
            return Answer(text, self.labels[best], float(shares[best]), None)
        positive = task.positive_index
        flagged = bool(shares[positive] >= calibration.threshold.value)
        index = positive if flagged else 1 - positive
        return Answer(text, self.labels[index], float(shares[index]), flagged)


def open_predictor(name: str) -> TorchPredictor:
    """A saved model: its folder, a run's folder in a ledger, or a Hub id.

    Raises:
        ModelError: there is no such model, or its head is random.
    """
    calm_transformers()
    folder = Path(name)
    folder = folder / "model" if (folder / "model" / "config.json").is_file() else folder
    folder = folder if folder.is_dir() else find_encoder(name)
    classifier = open_classifier(folder)
    if classifier.fresh:
        raise ModelError(f"{name} is no fine-tuned classifier: {', '.join(classifier.fresh)} would be random")
    return TorchPredictor(classifier, read_decision(folder))


def print_answers(predictor: TorchPredictor, texts: Sequence[str], console: Console) -> None:
    """A line for each text: the label, its probability, the text."""
    for answer in predictor.answer(texts):
        console.print(f"{escape(answer.label)}  {answer.probability:.3f}  {escape(answer.text)}", highlight=False)
    threshold = predictor.decision.calibration.threshold if predictor.decision else None
    if threshold is not None:
        console.print(
            f"threshold {threshold.value:.3f} ({escape(threshold.rule)}): on validation precision "
            f"{threshold.precision:.2f}, recall {threshold.recall:.2f}",
            style="dim",
            highlight=False,
        )
