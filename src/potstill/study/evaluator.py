"""What a model answers on a study's rows, and how good that is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import numpy as np

from potstill.domain.dataset import Split
from potstill.domain.measures import Calibration, CategoryRecall, Measures
from potstill.domain.predictor import Logits, alike, decide
from potstill.evaluation.calibration import fit_calibration
from potstill.evaluation.metrics import measure, recall_by_category
from potstill.models.classifier import Classifier
from potstill.models.forward import TokenRows, predict_logits
from potstill.study.corpus import Corpus
from potstill.study.progress import Display
from potstill.training.loop import EpochScore

BATCH = 64


class Reference(Protocol):
    """The model that others are held against: its logits on both splits, and how it decides."""

    @property
    def calibration(self) -> Calibration: ...
    @property
    def validation(self) -> Logits: ...
    @property
    def test(self) -> Logits: ...


@dataclass(frozen=True)
class Evaluation:
    """Everything that is measured of one run. A trial has no part on test."""

    validation: Logits
    test: Logits | None
    calibration: Calibration
    on_validation: Measures
    on_test: Measures | None = None
    categories: list[CategoryRecall] = field(default_factory=list[CategoryRecall])
    sampled_accuracy: float | None = None
    texts_per_second: float | None = None


class Evaluator:
    """Measures models and logits on the rows of one study.

    `threshold_rule` fits the decision, on validation alone; `sample` is the number of validation rows for the accuracy
    without a fitted threshold, None where the study does not ask for it.
    """

    def __init__(self, corpus: Corpus, display: Display, *, threshold_rule: str, sample: int | None) -> None:
        self._corpus, self._display = corpus, display
        self._data, self._task = corpus.data, corpus.data.task
        self._threshold_rule, self._sample = threshold_rule, sample

    def logits(self, classifier: Classifier, split: str) -> Logits:
        """Logits of a split, (rows, labels) float32."""
        return self._predict(classifier, self._corpus.ids_for(classifier.tokenizer, split), f"reading {split}")

    def logits_on(self, classifier: Classifier, texts: Sequence[str], label: str) -> Logits:
        """Logits of texts of no split, (texts, labels) float32; `label` stands beside the bar."""
        return self._predict(classifier, self._corpus.encode(texts, classifier.tokenizer), label)

    def _predict(self, classifier: Classifier, rows: TokenRows, label: str) -> Logits:
        with self._display.bar(label, len(rows)) as bar:
            return predict_logits(classifier.model, rows, batch_size=BATCH, on_rows=bar.advance).numpy()

    def score(self, classifier: Classifier) -> EpochScore:
        """A model on validation while it is trained."""
        logits = self.logits(classifier, "validation")
        pr_auc = self._measure(self._data.validation, logits, Calibration()).pr_auc
        return EpochScore(pr_auc, self._sampled_accuracy(logits))

    def evaluate(self, classifier: Classifier, kind: str, reference: Reference | None = None) -> Evaluation:
        """A finished model on validation and test; agreement is with `reference`, where there is one."""
        validation = self.logits(classifier, "validation")
        started = perf_counter()
        test = self.logits(classifier, "test")
        speed = len(test) / (perf_counter() - started)
        return self.evaluate_logits(kind, validation, test, reference=reference, texts_per_second=speed)

    def evaluate_logits(
        self, kind: str, validation: Logits, test: Logits | None = None, *, reference: Reference | None = None,
        texts_per_second: float | None = None,
    ) -> Evaluation:  # fmt: skip
        """Fit the decision on validation, and measure it on the splits that there are logits of."""
        data = self._data
        calibration = self._calibration(kind, validation)
        decided = reference.calibration if reference else None
        on_test, categories = None, list[CategoryRecall]()
        if test is not None:
            on_test = self._measure(data.test, test, calibration, reference.test if reference else None, decided)
            if self._task.problem == "binary" and data.test.categories:
                categories = recall_by_category(
                    test, data.test.labels, data.test.weights, data.test.categories, self._task, calibration
                )
        on_validation = self._measure(
            data.validation, validation, calibration, reference.validation if reference else None, decided
        )
        sampled = self._sampled_accuracy(validation)
        return Evaluation(validation, test, calibration, on_validation, on_test, categories, sampled, texts_per_second)

    def _calibration(self, kind: str, validation: Logits) -> Calibration:
        # The best threshold on a constant score calls every row positive: no longer the most frequent label.
        if kind == "majority":
            return Calibration()
        rows = self._data.validation
        return fit_calibration(validation, rows.labels, rows.weights, self._task, self._threshold_rule)

    def _measure(
        self, rows: Split, logits: Logits, calibration: Calibration, compare: Logits | None = None,
        against: Calibration | None = None,
    ) -> Measures:  # fmt: skip
        return measure(logits, rows.labels, rows.weights, self._task, calibration, compare, against)

    def _sampled_accuracy(self, validation: Logits) -> float | None:
        """Accuracy without a fitted threshold on the study's sample of validation rows, where it asks for one."""
        if self._sample is None:
            return None
        labels = self._data.validation.labels
        rows = np.random.default_rng(0).permutation(len(labels))[: self._sample]
        return float(alike(decide(validation[rows], Calibration(), self._task), labels[rows]).mean())
