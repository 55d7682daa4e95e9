"""Everything that the steps of one study share within a process: opened once, and rebuilt by any other process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from potstill.domain.dataset import Dataset, Split
from potstill.domain.measures import Calibration
from potstill.domain.predictor import Logits
from potstill.domain.record import RunRecord
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import StudyFolder
from potstill.ledger.ledger import Ledger, digest_of
from potstill.ledger.seals import checked_content
from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.models.classifier import Classifier, open_classifier
from potstill.recipes.training import TrainingSettings
from potstill.study.config import Study
from potstill.study.corpus import UNLABELLED_SPLIT, Corpus
from potstill.study.datasets import rows_of
from potstill.study.evaluator import Evaluator
from potstill.study.gates import check_teacher
from potstill.study.model_sources import find_sources
from potstill.study.planned_run import PlannedRun, RunIdentity
from potstill.study.progress import Display
from potstill.study.recorder import Recorder
from potstill.training.objective import TeacherOutputs


@dataclass(frozen=True)
class Teacher:
    """The teacher as every arm sees it: opened from disk, with its logits on each split."""

    classifier: Classifier
    record: RunRecord
    train: Logits
    validation: Logits
    test: Logits

    @property
    def calibration(self) -> Calibration:
        """How it decides."""
        return self.record.calibration

    def signal(self, rows: NDArray[np.int64] | None = None, more: Logits | None = None) -> TeacherSignal:
        """What methods get, with its logits on all training rows or on some, and on `more` rows that follow them."""
        logits = self.train if rows is None else self.train[rows]
        answers = logits if more is None else np.concatenate([logits, more])
        return TeacherSignal(self.classifier, TeacherOutputs(torch.as_tensor(answers)))


class Workspace:
    """The rows, models and ledger of one study, opened. Paths in the study are relative to `root`.

    Raises:
        PotstillError: the weights that the study names are not there or do not fit.
    """

    def __init__(
        self, study: Study, data: Dataset, held: Split | None, folder: StudyFolder, root: Path, display: Display
    ) -> None:
        self.study, self.data, self.held, self.folder, self.root = study, data, held, folder, root
        self.display = display
        self.ledger = Ledger(folder.ledger)
        self.sources = find_sources(study.teacher, study.training.max_length, root)
        self.corpus = Corpus(data, self.sources.tokenizer, study.training.max_length)
        sample = study.training.sampled_accuracy
        self.evaluator = Evaluator(self.corpus, display, threshold_rule=study.threshold, sample=sample)
        self.recorder = Recorder(self.ledger, study.name, data.task, study.training, study.data.languages)
        self.identity = RunIdentity(study, data, self.sources)
        self._teacher: Teacher | None = None

    @classmethod
    def open(cls, study: Study, folder: StudyFolder, root: Path, display: Display) -> "Workspace":
        """Load the study's rows and open the rest; raises as the constructor does, or DataError for its rows."""
        data, held = rows_of(study, root)
        return cls(study, data, held, folder, root, display)

    @property
    def token_budget(self) -> int:
        """Tokens of the study's epochs over the rows that have labels."""
        return self.study.training.epochs * self.corpus.tokens_in_train

    def is_done(self, key: RunKey) -> bool:
        """Whether the ledger has the run."""
        return self.ledger.find(key) is not None

    def record(self, key: RunKey) -> RunRecord:
        """What the ledger says about a run that was made, finished or failed."""
        return self.ledger.read(key)

    # --- what methods are given -----------------------------------------------------------------------------------

    def context(self, training: TrainingSettings, rows: NDArray[np.int64] | None = None) -> TrainingContext:
        """All training rows, or some, laid out for a method."""
        train, chosen = self.data.train, np.arange(len(self.data.train)) if rows is None else rows
        ids = self.corpus.ids("train")
        budget = self.token_budget if training.budget == "equal" and rows is None else None
        return TrainingContext(
            self.data.task, self.sources.encoder, training, [ids[int(row)] for row in chosen],
            self.corpus.train_labels(chosen), token_budget=budget, texts=[train.texts[int(row)] for row in chosen],
            tokenizer=self.corpus.tokenizer, root=self.root,
        )  # fmt: skip

    def with_unlabelled(self, context: TrainingContext) -> TrainingContext:
        """The context with the rows that have no label behind those that have, within the same tokens."""
        return replace(
            context, rows=[*context.rows, *self.corpus.ids(UNLABELLED_SPLIT)],
            labels=[*context.labels, *self.corpus.unknown_labels()],  # type: ignore[list-item]
            token_budget=self.token_budget, texts=[*context.texts, *self.data.unlabelled],
        )  # fmt: skip

    def make(
        self, label: str, context: TrainingContext, seed: int, make: Callable[[TrainingContext], TrainedModel]
    ) -> TrainedModel:
        """Call `make` with the context, under a bar; each epoch is scored on validation."""
        with self.display.bar(label, context.steps(seed)) as bar:
            return make(replace(context, score=context.score or self.evaluator.score, on_step=bar.advance))

    # --- the teacher ----------------------------------------------------------------------------------------------

    def teacher(self, key: RunKey) -> Teacher:
        """The finished teacher, from disk, opened once. Raises GateError where it is not clearly better than chance."""
        if self._teacher is None or self._teacher.record.key != key:
            record = self.ledger.find(key)
            assert record is not None, "the teacher is made before it is opened"
            classifier = open_classifier(self.folder.model(key))
            with np.load(BytesIO(checked_content(self.folder.run(key), record)), allow_pickle=False) as logits:
                validation, test = logits["validation"], logits["test"]
            check_teacher(validation, self.data.validation, self.data.task)
            self._teacher = Teacher(classifier, record, self._train_logits(key, classifier), validation, test)
        return self._teacher

    def _train_logits(self, key: RunKey, classifier: Classifier) -> Logits:
        """The teacher's logits on the training rows, computed once and kept beside the runs."""
        name = f"teacher-logits-{key.digest[:12]}"
        return self.ledger.cached(name, lambda: self.evaluator.logits(classifier, "train"))

    def unlabelled_logits(self, teacher: Teacher) -> Logits:
        """The teacher's logits on the rows without labels, computed once."""
        name = f"unlabelled-logits-{teacher.record.digest[:12]}-{_digest_of_texts(self.data.unlabelled)}"
        return self.ledger.cached(name, lambda: self.evaluator.logits(teacher.classifier, UNLABELLED_SPLIT))

    # --- other texts ----------------------------------------------------------------------------------------------

    def logits_on(self, run: PlannedRun, texts: Sequence[str]) -> Logits | None:
        """The logits of a finished run's model on texts of no split, computed once; None where it kept no model."""
        model = self.folder.model(run.key)
        if not model.is_dir():
            return None
        name = f"texts-{_digest_of_texts(texts)}-{run.key.digest[:12]}"
        label = f"{run.key}, on other texts"
        return self.ledger.cached(name, lambda: self.evaluator.logits_on(open_classifier(model), texts, label))


def _digest_of_texts(texts: Sequence[str]) -> str:
    """Tells texts apart in the name of what is kept about them."""
    return digest_of({"texts": list(texts)})[:12]
