"""Saved models, opened with torch. What makes bundles of them is not loaded: it would be waited for."""

from pathlib import Path

from potstill.analysis.saved_models import picked_model
from potstill.domain.errors import PotstillError
from potstill.domain.read_as import AS_SAVED, ReadAs
from potstill.domain.study_folder import StudyFolder
from potstill.models.predictor import TorchPredictor, open_predictor


def open_model(model: str | Path, read_as: ReadAs = AS_SAVED, *, arm: str | None = None) -> TorchPredictor:
    """A saved model, to be asked by `predict`, or for logits by a call.

    Args:
        model: its folder, a study's folder (its picked arm), a run's folder in a ledger, or a Hub id.
        read_as: what it answers and how long its texts are, where the model folder does not record it.
        arm: of a study, another than the picked one.

    Raises:
        PotstillError: there is no such model, it does not open, its head is random, or the study has no picked arm.
    """
    study = StudyFolder(model)
    if arm and not study.is_study():
        raise PotstillError(f"{model} is not a study folder: it has no arms")
    return open_predictor(str(picked_model(study.path, arm) if study.is_study() else model), read_as)
