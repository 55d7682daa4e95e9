"""One study's workbench: it makes a run where the ledger has none, measures it, and writes it down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, PreTrainedTokenizerBase

from potstill.domain.dataset import Dataset, Split
from potstill.domain.errors import StudyError
from potstill.domain.measures import Calibration, Cost, Measures
from potstill.domain.predictor import alike, decide
from potstill.domain.record import RunRecord
from potstill.evaluation.calibration import fit_calibration
from potstill.evaluation.quality import measure, recall_by_category
from potstill.ledger.ledger import Ledger, digest_of
from potstill.methods.baselines import BaselineLogits, Units, majority, tfidf
from potstill.methods.bench import Bench, Made, Method, Taught, Training
from potstill.methods.teacher import fine_tune_teacher
from potstill.models.classifier import (
    Classifier,
    check_input_length,
    count_parameters,
    empty_classifier,
    labels_of,
    open_classifier,
    open_tokenizer,
    save_classifier,
)
from potstill.models.encoder import find_encoder, fingerprint
from potstill.models.forward import TokenRows, encode, predict_logits
from potstill.models.layer_stack import depth_of
from potstill.models.saved import SavedDecision, model_card, write_decision
from potstill.study.config import Study
from potstill.study.gates import refuse_other_count, refuse_random_head, refuse_unproven_teacher
from potstill.study.identity import Draft, Namer, Setting
from potstill.study.layer_search import Searcher
from potstill.study.plan import RunSpec, Trial
from potstill.study.progress import Display
from potstill.study.provenance import provenance
from potstill.training.loop import EpochScore
from potstill.training.objective import UNLABELLED, Guidance

Logits = NDArray[np.float32]
EVALUATION_BATCH = 64


@dataclass(frozen=True)
class Teacher:
    """The teacher as every arm sees it: opened from disk, with its answers on each split."""

    classifier: Classifier
    record: RunRecord
    train: Logits
    validation: Logits
    test: Logits

    def taught(self, rows: NDArray[np.int64] | None = None, more: Logits | None = None) -> Taught:
        """What methods get, with the answers on all training rows or on some, and on `more` rows that follow them."""
        logits = self.train if rows is None else self.train[rows]
        answers = logits if more is None else np.concatenate([logits, more])
        return Taught(self.classifier, Guidance(torch.from_numpy(answers)))


class Lab:
    """Makes the runs of one study. Paths in the study are relative to `root`."""

    def __init__(self, study: Study, data: Dataset, ledger: Ledger, display: Display, root: Path) -> None:
        self.study, self.data, self.ledger, self.display, self.root = study, data, ledger, display, root
        wanted = study.teacher
        self.encoder = find_encoder(wanted.encoder, wanted.revision, root) if wanted.encoder else None
        self.given = find_encoder(wanted.model, wanted.revision, root) if wanted.model else None
        start = self.given or self.encoder
        assert start is not None, "TeacherTable asks for one of them"
        empty = empty_classifier(AutoConfig.from_pretrained(start))
        check_input_length(empty, study.training.max_length)
        self.depth = depth_of(empty)
        self.tokenizer = open_tokenizer(start)
        self.namer = Namer(data, study.threshold, self.encoder, self.given)
        self._vocabulary = self.tokenizer.get_vocab()
        if self.encoder and self.given and open_tokenizer(self.encoder).get_vocab() != self._vocabulary:
            raise StudyError("[teacher] encoder and model have different vocabularies; leave `encoder` out")

    # --- runs and their places -------------------------------------------------------------------------------------

    def is_done(self, draft: Draft) -> bool:
        """Whether the ledger has the run."""
        return self.ledger.find(draft.key) is not None

    def place(self, draft: Draft) -> Path:
        """The folder of the run."""
        return self.ledger.place(draft.key)

    # --- rows -----------------------------------------------------------------------------------------------------

    @cached_property
    def texts(self) -> dict[str, Sequence[str]]:
        """The texts of each split, and those without a label."""
        return {name: split.texts for name, split in self.data.splits().items()} | {"unlabelled": self.data.unlabelled}

    @cached_property
    def tokens(self) -> dict[str, TokenRows]:
        """Token ids of each, as the teacher reads them."""
        return {name: self._encoded(texts, self.tokenizer) for name, texts in self.texts.items()}

    def _encoded(self, texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> TokenRows:
        return encode(tokenizer, texts, max_length=self.study.training.max_length)

    def _logits(self, classifier: Classifier, split: str) -> Logits:
        own = classifier.tokenizer.get_vocab() != self._vocabulary
        rows = self._encoded(self.texts[split], classifier.tokenizer) if own else self.tokens[split]
        with self.display.bar(f"reading {split}", len(rows)) as bar:
            answer = predict_logits(classifier.model, rows, batch_size=EVALUATION_BATCH, on_rows=bar.advance)
        return answer.numpy()

    def _score(self, classifier: Classifier) -> EpochScore:
        logits = self._logits(classifier, "validation")
        data, task = self.data.validation, self.data.task
        pr_auc = measure(logits, data.labels, data.weights, task, Calibration()).pr_auc
        return EpochScore(pr_auc, self._sampled_accuracy(logits))

    def logits_on(self, draft: Draft, texts: Sequence[str]) -> Logits | None:
        """The logits of a finished run's model on texts of no split, computed once; None where it kept no model."""
        model = self.place(draft) / "model"
        if not model.is_dir():
            return None
        name = f"texts-{digest_of({'texts': list(texts)})[:12]}-{draft.digest[:12]}"

        def compute() -> Logits:
            classifier = open_classifier(model)
            rows = self._encoded(texts, classifier.tokenizer)
            with self.display.bar(f"{draft.arm}, seed {draft.seed}, on other texts", len(rows)) as bar:
                return predict_logits(classifier.model, rows, batch_size=EVALUATION_BATCH, on_rows=bar.advance).numpy()

        return self.ledger.cached(name, compute)

    def _sampled_accuracy(self, validation: Logits) -> float | None:
        """Accuracy without a fitted threshold on the study's sample of validation rows, where it asks for one."""
        count, labels = self.study.training.sampled_accuracy, self.data.validation.labels
        if count is None:
            return None
        rows = np.random.default_rng(0).permutation(len(labels))[:count]
        return float(alike(decide(validation[rows], Calibration(), self.data.task), labels[rows]).mean())

    def _fit(self, label: str, bench: Bench, seed: int, make: Callable[[Bench], Made]) -> Made:
        """Call `make` with the bench, under a bar."""
        with self.display.bar(label, bench.steps(seed)) as bar:
            return make(replace(bench, score=self._score, on_step=bar.advance))

    def _bench(self, training: Training, rows: NDArray[np.int64] | None = None) -> Bench:
        """A bench of all training rows, or of some."""
        chosen = np.arange(len(self.data.train)) if rows is None else rows
        tokens = [self.tokens["train"][int(row)] for row in chosen]
        budget = self.budget if training.budget == "equal" and rows is None else None
        return Bench(
            self.data.task, self.encoder, training, tokens, self.data.train.labels[chosen].tolist(), tokens=budget,
            texts=[self.data.train.texts[int(row)] for row in chosen], tokenizer=self.tokenizer, root=self.root,
        )  # fmt: skip

    @cached_property
    def budget(self) -> int:
        """Tokens of the study's epochs over the rows that have labels."""
        return self.study.training.epochs * sum(len(row) for row in self.tokens["train"])

    def _with_unlabelled(self, bench: Bench) -> Bench:
        """The bench with the rows that have no label behind those that have, within the same tokens."""
        more = self.tokens["unlabelled"]
        shape = self.data.train.labels.shape[1:]
        unknown = np.full((len(more), *shape), UNLABELLED).tolist()
        return replace(
            bench, rows=[*bench.rows, *more], labels=[*bench.labels, *unknown], tokens=self.budget,
            texts=[*bench.texts, *self.data.unlabelled],
        )  # fmt: skip

    # --- the pieces of a study ------------------------------------------------------------------------------------

    def baseline(self, draft: Draft) -> None:
        """The majority row, or one of TF-IDF and logistic regression."""
        started = perf_counter()
        answer = self._baseline_logits(draft.arm)
        seconds = perf_counter() - started
        cost = Cost(parameters=answer.parameters, trainable_parameters=answer.parameters, train_seconds=seconds)
        self._write(draft, answer.validation, answer.test, cost, teacher=None)

    def _baseline_logits(self, arm: str) -> BaselineLogits:
        if arm == "majority":
            return majority(self.data)
        units: Units = "words" if arm.endswith("words") else "characters"
        return tfidf(self.data, units)

    def teacher_draft(self, training: Training) -> Draft:
        """The run that makes or measures the teacher."""
        if self.given:
            length = {"max_length": training.max_length}
            return self.namer.draft("teacher", "teacher", 0, "as given", length)
        words = "the encoder, fine-tuned in full"
        return self.namer.draft("teacher", "teacher", self.study.teacher.seed, words, {"training": training})

    def make_teacher(self, draft: Draft, training: Training) -> None:
        """Fine-tune the teacher, or open the one that was given, and measure it. Raises GateError for a random head."""
        if self.given:
            opened = open_classifier(self.given)
            refuse_random_head(opened.fresh, str(self.study.teacher.model))
            self._check_labels(opened)
            made = Made(opened, (count_parameters(opened.model)[0], 0))
        else:
            bench = self._bench(training)
            made = self._fit("teacher", bench, draft.seed, lambda bench: fine_tune_teacher(bench, draft.seed))
        self._measure(draft, made, teacher=None)

    def _check_labels(self, opened: Classifier) -> None:
        found = labels_of(opened.model)
        if found != list(self.data.task.labels):
            raise StudyError(
                f"the teacher's labels are {found}, the data's {list(self.data.task.labels)}: name them alike and in "
                "that order with [data] labels"
            )

    def open_teacher(self, draft: Draft) -> Teacher:
        """The finished teacher, from disk. Raises GateError where it is not clearly better than chance."""
        record = self.ledger.find(draft.key)
        assert record is not None, "the teacher is made before it is opened"
        classifier = open_classifier(self.place(draft) / "model")
        with np.load(self.place(draft) / "logits.npz") as logits:
            validation, test = logits["validation"], logits["test"]
        refuse_unproven_teacher(validation, self.data.validation, self.data.task)
        return Teacher(classifier, record, self._train_logits(draft, classifier), validation, test)

    def _train_logits(self, draft: Draft, classifier: Classifier) -> Logits:
        """The teacher's logits on the training rows, computed once and kept beside the runs."""
        return self.ledger.cached(f"teacher-logits-{draft.digest[:12]}", lambda: self._logits(classifier, "train"))

    def searcher(self, draft: Draft, teacher: Teacher, held: Split) -> Searcher:
        """Chooses among the teacher's layers on rows that nothing is trained on."""
        length = self.study.training.max_length
        name = digest_of({"teacher": draft.digest, "rows": held.fingerprint(), "max_length": length})
        return Searcher(
            teacher.classifier.model, self._encoded(held.texts, self.tokenizer), held, self.data.task,
            ledger=self.ledger, name=f"layers-{name[:12]}", display=self.display,
        )  # fmt: skip

    def run_draft(self, spec: RunSpec, teacher: Draft) -> Draft:
        """The run of one arm at one seed."""
        settings: dict[str, Setting] = {"method": spec.method, "training": spec.training}
        if own := self._own_encoder(spec.method):
            settings["encoder"] = fingerprint(own)
        if spec.method.uses_unlabelled():
            settings["unlabelled"] = digest_of({"texts": list(self.data.unlabelled)})
        if spec.method.epochs is not None and (spec.training.budget == "equal" or spec.method.uses_unlabelled()):
            settings["budget"] = self.budget  # epochs of the study's, which the arm's own hide in its training settings
        kind = str(spec.method.model_dump()["kind"])
        draft = self.namer.draft(spec.arm, kind, spec.seed, spec.method.words(), settings, teacher.digest)
        return replace(draft, waived=self.study.waived(spec.method), role=spec.method.role, seeded=spec.method.seeded())

    def _own_encoder(self, method: Method) -> Path | None:
        """The folder of the encoder that a method brings itself, if it does."""
        own = method.own_encoder()
        if own is None:
            return None
        folder = find_encoder(*own, self.root)
        check_input_length(folder, self.study.training.max_length)
        return folder

    def run(self, spec: RunSpec, draft: Draft, teacher: Teacher) -> None:
        """Make one arm at one seed, measure it, write it down."""
        label, bench, taught = f"{spec.arm}, seed {spec.seed}", self._bench(spec.training), teacher.taught()
        if spec.method.uses_unlabelled():
            bench, taught = self._with_unlabelled(bench), teacher.taught(more=self._unlabelled_logits(teacher))
        made = self._fit(label, bench, spec.seed, lambda bench: spec.method.make(bench, taught, spec.seed))
        refuse_other_count(spec.arm, spec.method, made)
        self._measure(draft, made, teacher)

    def _unlabelled_logits(self, teacher: Teacher) -> Logits:
        """The teacher's logits on the rows without labels, computed once."""
        rows = digest_of({"texts": list(self.data.unlabelled)})
        name = f"unlabelled-logits-{teacher.record.digest[:12]}-{rows[:12]}"
        return self.ledger.cached(name, lambda: self._logits(teacher.classifier, "unlabelled"))

    def trial_draft(self, trial: Trial, teacher: Draft | None) -> Draft:
        """The run of one learning rate of the search."""
        assert self.study.search is not None, "there are trials only where there is a search"
        settings: dict[str, Setting] = {
            "method": trial.method, "training": trial.training, "rows": self.study.search.rows
        }  # fmt: skip
        if trial.method and (own := self._own_encoder(trial.method)):
            settings["encoder"] = fingerprint(own)
        words = f"{trial.family} at learning rate {trial.training.learning_rate:g}"
        parent = teacher.digest if teacher else ""
        return self.namer.draft(trial.arm, "search", self.study.search.seed, words, settings, parent)

    def trial(self, trial: Trial, draft: Draft, teacher: Teacher | None) -> None:
        """Try one learning rate on some training rows; only validation is looked at."""
        assert self.study.search is not None
        rng = np.random.default_rng(self.study.search.seed)
        count = min(self.study.search.rows, len(self.data.train))
        rows = np.sort(rng.permutation(len(self.data.train))[:count])

        def make(bench: Bench) -> Made:
            if trial.method is None or teacher is None:
                return fine_tune_teacher(bench, draft.seed)
            return trial.method.make(bench, teacher.taught(rows), draft.seed)

        made = self._fit(draft.words, self._bench(trial.training, rows), draft.seed, make)
        validation = self._logits(made.classifier, "validation")
        self._write(draft, validation, None, _cost_of(made), teacher=None, made=made)

    def attempt(
        self, label: str, training: Training, rows: NDArray[np.int64], seed: int, make: Callable[[Bench], Made],
        on_score: Callable[[EpochScore], None],
    ) -> float:  # fmt: skip
        """The validation PR-AUC of a model made on some training rows, 0 where undefined; nothing is written down.
        `on_score` hears it after each epoch, and may raise to give up."""
        bench = self._bench(training, rows)
        with self.display.bar(label, bench.steps(seed)) as bar:
            made = make(replace(bench, score=partial(self._score_to, on_score), on_step=bar.advance))
        return self._score(made.classifier).pr_auc or 0.0

    def _score_to(self, on_score: Callable[[EpochScore], None], classifier: Classifier) -> EpochScore:
        score = self._score(classifier)
        on_score(score)
        return score

    # --- measuring ------------------------------------------------------------------------------------------------

    def _measure(self, draft: Draft, made: Made, teacher: Teacher | None) -> None:
        validation = self._logits(made.classifier, "validation")
        started = perf_counter()
        test = self._logits(made.classifier, "test")
        speed = len(test) / (perf_counter() - started)
        cost = _cost_of(made).model_copy(update={"texts_per_second": speed})
        self._write(draft, validation, test, cost, teacher, made)

    def _write(
        self,
        draft: Draft,
        validation: Logits,
        test: Logits | None,
        cost: Cost,
        teacher: Teacher | None,
        made: Made | None = None,
    ) -> None:
        """Fit the decision on validation, measure on both splits, and write all of it into the ledger at once."""
        data, task = self.data, self.data.task
        rows = data.validation
        calibration = self._calibration(draft, validation)
        on_validation = self._quality(rows, validation, calibration, teacher, "validation")
        record = RunRecord(
            arm=draft.arm, kind=draft.kind, seed=draft.seed, digest=draft.digest, status="done",
            description=draft.words, settings=draft.settings, cost=cost, calibration=calibration,
            validation=on_validation, waived=draft.waived,
            provenance=provenance(self.study.training.precision),
        )  # fmt: skip
        logits = {"validation": validation}
        if test is not None:
            logits["test"] = test
            record.test = self._quality(data.test, test, calibration, teacher, "test")
            if task.problem == "binary" and data.test.categories:
                record.categories = recall_by_category(
                    test, data.test.labels, data.test.weights, data.test.categories, task, calibration
                )
        if made:
            record.layers, record.audit = made.layers, made.audit
        if made and made.trained:
            *before, last = made.trained.curve
            score = last.validation_pr_auc or on_validation.pr_auc
            record.training_loss = last.loss
            measured = {"validation_pr_auc": score, "sampled_accuracy": self._sampled_accuracy(validation)}
            record.curve = [*before, last.model_copy(update=measured)]
        with self.ledger.writing(draft.key) as folder:
            if made and test is not None:
                record.cost.bytes = self._save_model(folder, draft, made, calibration)
            np.savez(folder / "logits.npz", allow_pickle=False, **logits)
            (folder / "run.json").write_text(record.model_dump_json(indent=1), encoding="utf-8")

    def _calibration(self, draft: Draft, validation: Logits) -> Calibration:
        # The best threshold on a constant score calls every row positive: no longer the most frequent label.
        if draft.kind == "majority":
            return Calibration()
        rows = self.data.validation
        return fit_calibration(validation, rows.labels, rows.weights, self.data.task, self.study.threshold)

    def _quality(
        self, rows: Split, logits: Logits, calibration: Calibration, teacher: Teacher | None, split: str
    ) -> Measures:
        compare = getattr(teacher, split) if teacher else None
        against = teacher.record.calibration if teacher else None
        return measure(logits, rows.labels, rows.weights, self.data.task, calibration, compare, against)

    def _save_model(self, folder: Path, draft: Draft, made: Made, calibration: Calibration) -> int:
        """Save the model, proved, and its adapter beside it; the size of the weights in bytes."""
        length = self.study.training.max_length
        kept = str(made.layers) if made.layers else None
        name = f"{self.study.name}: {draft.arm}, seed {draft.seed}"
        card = model_card(name, draft.words, self.data.task, kept, draft.waived)
        size = save_classifier(made.classifier, folder / "model", max_length=length, card=card)
        decision = SavedDecision(task=self.data.task, calibration=calibration, max_length=length, waived=draft.waived)
        write_decision(folder / "model", decision)
        if made.save_adapter:
            made.save_adapter(folder / "adapter")
        return size


def _cost_of(made: Made) -> Cost:
    total, trainable = made.parameters
    seconds, tokens = (made.trained.seconds, made.trained.tokens) if made.trained else (0.0, 0)
    return Cost(parameters=total, trainable_parameters=trainable, train_seconds=seconds, train_tokens=tokens)
