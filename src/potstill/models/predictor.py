"""A saved model answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from potstill.domain.errors import ModelError, in_short, some_of
from potstill.domain.measures import Calibration
from potstill.domain.normalise import normalise
from potstill.domain.predictor import Predictions, predictions
from potstill.domain.read_as import AS_SAVED, ReadAs
from potstill.domain.readable import is_blank, silent_ids
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
from potstill.models.folder_checks import CONFIG
from potstill.models.problem import task_of
from potstill.models.saved import DECISION_FILE, SavedDecision, read_decision

DEFAULT_LENGTH = 128
"""Where texts are cut, in tokens, for a model that potstill did not train, if it has so many positions."""


class TorchPredictor:
    """A saved model: calling it gives logits, `predict` gives predictions."""

    def __init__(self, classifier: Classifier, decision: SavedDecision) -> None:
        self._classifier, self.decision = classifier, decision
        self.calibration, self.task, self.max_length = decision.calibration, decision.task, decision.max_length
        self.labels, self.languages = list(decision.task.labels), decision.languages

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Logits of the texts, (n, labels) float32; the texts are normalised first.

        Raises:
            ModelError: the model fails on them, or answers with something else than numbers.
        """
        rows = [normalise(text) for text in texts]
        try:
            logits = logits_of(self._classifier, rows, max_length=self.max_length).numpy()
        except Exception as error:  # what a family asks of its texts (BART: a single mark of the end in each)
            raise ModelError(f"the model fails on a text: {in_short(error)}") from error
        if not np.isfinite(logits).all():
            raise ModelError("the model answers a text with NaN or infinity: it was damaged in training or in saving")
        return logits

    def predict(self, texts: Sequence[str]) -> Predictions:
        """The prediction for each text, by the saved temperature and threshold, or the largest logit without them; None
        for a text of which nothing can be read."""
        predicted = predictions(self(texts), self.calibration, self.task)
        answers = (None if blank else each for each, blank in zip(predicted, self._blank(texts), strict=True))
        return Predictions(texts, answers, self.labels)

    def _blank(self, texts: Sequence[str]) -> list[bool]:
        """For each text: whether nothing of it can be read, as a bundle's reader tells it."""
        tokenizer = cast(PreTrainedTokenizerFast, self._classifier.tokenizer).backend_tokenizer
        silent = silent_ids(tokenizer.token_to_id)
        normal = [normalise(text) for text in texts]
        encoded = tokenizer.encode_batch(normal, add_special_tokens=False)
        return [is_blank(text, encoding.ids, silent) for text, encoding in zip(normal, encoded, strict=True)]


def open_predictor(name: str, read_as: ReadAs = AS_SAVED) -> TorchPredictor:
    """A saved model: its folder, a run's folder in a ledger, or a Hub id.

    Raises:
        ModelError: there is no such model, it does not open, or its head is random.
    """
    folder, classifier = open_model_folder(name)
    return TorchPredictor(classifier, decision_of(folder, classifier, read_as))


def open_model_folder(name: str) -> tuple[Path, Classifier]:
    """The folder that `open_predictor` finds, and its model; raises as that does."""
    quiet_transformers()
    folder = Path(name)
    folder = folder / "model" if (folder / "model" / CONFIG).is_file() else folder
    folder = folder if folder.is_dir() else find_encoder(name)
    classifier = open_classifier(folder)
    if classifier.fresh:
        raise ModelError(f"{name} is not a fine-tuned classifier: {_without_head(folder, classifier.fresh)}")
    return folder, classifier


def _without_head(folder: Path, fresh: Sequence[str]) -> str:
    if (folder / "model_head.pkl").exists():
        return "SetFit keeps its head in a pickle (model_head.pkl), which can run code and is never loaded"
    kind = "it is a sentence encoder without a head, and " if (folder / "modules.json").exists() else ""
    return (
        f"{kind}{some_of(fresh)} would be random. Name it as [teacher] encoder of a study, which trains a head "
        "(docs/studies.md)"
    )


def decision_of(folder: Path, classifier: Classifier, read_as: ReadAs = AS_SAVED) -> SavedDecision:
    """How a saved model decides: as its study wrote down, or by the largest logit; `max_length` goes before either.

    Raises:
        ModelError: what the study wrote down is damaged or of another model, `read_as` contradicts it, the model is no
            classifier of two labels or more, or it cannot read so many tokens.
    """
    saved, config = read_decision(folder), folder / CONFIG
    if saved is None:
        length = min(DEFAULT_LENGTH, longest_input(classifier.model) or DEFAULT_LENGTH)
        task = task_of(classifier.model, config, read_as.problem)
        saved = SavedDecision(task=task, calibration=Calibration(), max_length=length)
    elif _contradict(list(saved.task.labels), labels_of(classifier.model)):
        raise ModelError(
            f"{folder / DECISION_FILE} is of the labels {some_of(saved.task.labels)}, {config} of "
            f"{some_of(labels_of(classifier.model))}: take both files from the same run"
        )
    elif read_as.problem and read_as.problem != saved.task.problem:
        raise ModelError(f"{folder / DECISION_FILE} says that the model is {saved.task.problem}, not {read_as.problem}")
    decision = saved if read_as.max_length is None else saved.model_copy(update={"max_length": read_as.max_length})
    try:
        check_input_length(classifier.model, decision.max_length)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    return decision


def _contradict(decided: list[str], named: list[str]) -> bool:
    """Whether labels that were written down cannot be those of the model: of another number, or in another order."""
    return len(decided) != len(named) or (decided != named and set(decided) == set(named))
