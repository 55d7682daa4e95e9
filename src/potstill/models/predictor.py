"""A saved model answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.domain.errors import ModelError
from potstill.domain.measures import Calibration
from potstill.domain.normalise import normalise
from potstill.domain.predictor import Predictions, predictions
from potstill.domain.task import Task
from potstill.models.classifier import (
    Classifier,
    check_input_length,
    labels_of,
    logits_of,
    longest_input,
    open_classifier,
    quiet_transformers,
)
from potstill.models.encoder import find_encoder
from potstill.models.saved import SavedDecision, read_decision

DEFAULT_LENGTH = 128
"""Where texts are cut, in tokens, for a model that potstill did not train, if it has so many positions."""


class TorchPredictor:
    """A saved model: calling it gives logits, `predict` gives predictions."""

    def __init__(self, classifier: Classifier, decision: SavedDecision | None) -> None:
        self._classifier = classifier
        self.decision = decision
        self.calibration = decision.calibration if decision else Calibration()
        self.labels = labels_of(classifier.model)
        positive = self.labels[1] if len(self.labels) == 2 else None
        multilabel = classifier.model.config.problem_type == "multi_label_classification"
        plain = Task(labels=tuple(self.labels), positive=None if multilabel else positive, multilabel=multilabel)
        self.task = decision.task if decision else plain
        default = min(DEFAULT_LENGTH, longest_input(classifier.model) or DEFAULT_LENGTH)
        self.max_length = decision.max_length if decision else default

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Logits of the texts, (n, labels) float32; the texts are normalised first."""
        rows = [normalise(text) for text in texts]
        return logits_of(self._classifier, rows, max_length=self.max_length).numpy()

    def predict(self, texts: Sequence[str]) -> Predictions:
        """The prediction for each text, by the saved temperature and threshold, or the largest logit without them."""
        return Predictions(texts, predictions(self(texts), self.calibration, self.task), self.labels)


def open_predictor(name: str) -> TorchPredictor:
    """A saved model: its folder, a run's folder in a ledger, or a Hub id.

    Raises:
        ModelError: there is no such model, or its head is random.
    """
    folder, classifier = open_model_folder(name)
    return TorchPredictor(classifier, read_decision(folder))


def open_model_folder(name: str) -> tuple[Path, Classifier]:
    """The folder that `open_predictor` finds, and its model; raises as that does."""
    quiet_transformers()
    folder = Path(name)
    folder = folder / "model" if (folder / "model" / "config.json").is_file() else folder
    folder = folder if folder.is_dir() else find_encoder(name)
    classifier = open_classifier(folder)
    if classifier.fresh:
        raise ModelError(f"{name} is not a fine-tuned classifier: {', '.join(classifier.fresh)} would be random")
    return folder, classifier


def decision_of(folder: Path, classifier: Classifier, max_length: int | None = None) -> SavedDecision:
    """How a saved model decides: as its study wrote down, or by the largest logit; `max_length` goes before either."""
    saved = read_decision(folder)
    if max_length is not None:
        check_input_length(classifier.model, max_length)
    if saved is None:
        plain = TorchPredictor(classifier, None)
        return SavedDecision(task=plain.task, calibration=plain.calibration, max_length=max_length or plain.max_length)
    return saved if max_length is None else saved.model_copy(update={"max_length": max_length})
