"""Writing runs down: the one place that makes a `run.json`."""

import traceback
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from potstill.domain.measures import Cost, CurvePoint
from potstill.domain.record import RunRecord
from potstill.domain.study_folder import RUN_FILE
from potstill.domain.task import Task
from potstill.ledger.ledger import Ledger
from potstill.ledger.seals import LOGITS, sealed
from potstill.methods.context import TrainedModel
from potstill.models.classifier import save_classifier
from potstill.models.saved import SavedDecision, model_card, write_decision
from potstill.recipes.training import TrainingSettings
from potstill.study.evaluator import Evaluation
from potstill.study.planned_run import PlannedRun
from potstill.study.provenance import provenance


class Recorder:
    """Writes the runs of one study into its ledger, each whole or not at all."""

    def __init__(
        self, ledger: Ledger, study: str, task: Task, training: TrainingSettings, languages: Sequence[str] = ()
    ) -> None:
        self._ledger, self._study, self._task, self._training = ledger, study, task, training
        self._languages = tuple(languages)

    def done(
        self, run: PlannedRun, evaluation: Evaluation, cost: Cost, model: TrainedModel | None = None, *,
        keep_model: bool = False,
    ) -> None:  # fmt: skip
        """Write down a finished run, with its model where it is kept."""
        record = self._record(run, evaluation, cost.model_copy())
        if model:
            record.layers, record.audit = model.layers, model.audit
            record.training_loss = model.training.loss if model.training else None
            record.curve = _curve(model, evaluation)
        logits = {"validation": evaluation.validation}
        if evaluation.test is not None:
            logits["test"] = evaluation.test
        with self._ledger.writing(run.key) as folder:
            if model and keep_model:
                record.cost.bytes = self._save_model(folder, run, model, evaluation)
            np.savez(folder / LOGITS, allow_pickle=False, **logits)
            self._write(folder, record)

    def failed(self, run: PlannedRun, error: Exception) -> None:
        """Write down a run that failed, with its reason."""
        record = RunRecord(
            arm=run.key.arm, kind=run.kind, seed=run.key.seed, digest=run.key.digest, status="failed",
            reason=f"{type(error).__name__}: {error}", description=run.description, settings=run.settings,
            audit=traceback.format_exception(error)[-3:], provenance=provenance(self._training.precision),
        )  # fmt: skip
        with self._ledger.writing(run.key) as folder:
            self._write(folder, record)

    def _record(self, run: PlannedRun, evaluation: Evaluation, cost: Cost) -> RunRecord:
        cost.texts_per_second = evaluation.texts_per_second
        return RunRecord(
            arm=run.key.arm, kind=run.kind, seed=run.key.seed, digest=run.key.digest, status="done",
            description=run.description, settings=run.settings, cost=cost, calibration=evaluation.calibration,
            validation=evaluation.on_validation, test=evaluation.on_test, categories=evaluation.categories,
            waived=run.waived, provenance=provenance(self._training.precision),
        )  # fmt: skip

    def _save_model(self, folder: Path, run: PlannedRun, model: TrainedModel, evaluation: Evaluation) -> int:
        """Save the model, proved, and its adapter beside it; the size of the weights in bytes."""
        length = self._training.max_length
        layers = str(model.layers) if model.layers else None
        card = model_card(f"{self._study}: {run.key}", run.description, self._task, layers, run.waived)
        size = save_classifier(model.classifier, folder / "model", max_length=length, card=card)
        decision = SavedDecision(
            task=self._task, calibration=evaluation.calibration, max_length=length, waived=run.waived,
            languages=self._languages,
        )  # fmt: skip
        write_decision(folder / "model", decision)
        if model.save_adapter:
            model.save_adapter(folder / "adapter")
        return size

    def _write(self, folder: Path, record: RunRecord) -> None:
        (folder / RUN_FILE).write_bytes(sealed(record, folder))


def _curve(model: TrainedModel, evaluation: Evaluation) -> list[CurvePoint]:
    """The points of a training, the last with what the finished model reached."""
    if model.training is None:
        return []
    *before, last = model.training.curve
    score = last.validation_pr_auc or evaluation.on_validation.pr_auc
    measured = {"validation_pr_auc": score, "sampled_accuracy": evaluation.sampled_accuracy}
    return [*before, last.model_copy(update=measured)]
