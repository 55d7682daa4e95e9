"""What is measured of a run: the decision is fitted on validation alone, and a trial never looks at test."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tiny import comments, tiny_classifier

from potstill.data.loading import load_dataset
from potstill.data.source import Source, Sources
from potstill.study.corpus import Corpus
from potstill.study.evaluator import Evaluator
from potstill.study.progress import Display

TEACHER = tiny_classifier(layers=2, seed=5)


@pytest.fixture
def evaluator(tmp_path: Path) -> Evaluator:
    lines = [f"{text},{label}" for text, label in zip(*comments(120), strict=True)]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    data = load_dataset(Sources(Source(str(tmp_path / "rows.csv"))), labels={"0": "fine", "1": "toxic"})
    corpus = Corpus(data, TEACHER.tokenizer, max_length=24)
    return Evaluator(corpus, Display(Console(file=io.StringIO())), threshold_rule="best_f1", sample=10)


def test_a_model_is_measured_on_both_splits(evaluator: Evaluator) -> None:
    evaluation = evaluator.evaluate(TEACHER, "student")
    assert evaluation.on_test is not None
    assert evaluation.on_validation.agreement is None, "there is nothing to agree with"
    assert evaluation.texts_per_second
    assert evaluation.calibration.threshold
    assert 0 <= (evaluation.sampled_accuracy or 0) <= 1


def test_the_decision_does_not_depend_on_test(evaluator: Evaluator) -> None:
    evaluation = evaluator.evaluate(TEACHER, "student")
    assert evaluation.test is not None
    turned = evaluator.evaluate_logits("student", evaluation.validation, -evaluation.test)
    assert turned.calibration == evaluation.calibration
    assert turned.on_validation == evaluation.on_validation
    assert turned.on_test != evaluation.on_test


def test_a_trial_has_no_part_on_test(evaluator: Evaluator) -> None:
    evaluation = evaluator.evaluate_logits("search", evaluator.logits(TEACHER, "validation"))
    assert (evaluation.test, evaluation.on_test, evaluation.categories) == (None, None, [])


def test_agreement_is_with_the_reference(evaluator: Evaluator) -> None:
    reference = evaluator.evaluate(TEACHER, "teacher")

    class Teacher:
        calibration, validation = reference.calibration, reference.validation
        test = reference.test if reference.test is not None else np.zeros((0, 2), dtype=np.float32)

    again = evaluator.evaluate(TEACHER, "student", Teacher())
    assert again.on_validation.agreement == 1
    assert again.on_test
    assert again.on_test.agreement == 1


def test_always_the_most_frequent_label_is_not_given_a_threshold(evaluator: Evaluator) -> None:
    validation = evaluator.logits(TEACHER, "validation")
    assert evaluator.evaluate_logits("majority", validation).calibration.threshold is None


def test_a_model_with_another_vocabulary_reads_the_texts_itself(evaluator: Evaluator) -> None:
    logits = evaluator.logits(TEACHER, "test")
    texts = evaluator._corpus.texts("test")  # pyright: ignore[reportPrivateUsage]
    assert np.allclose(evaluator.logits_on(TEACHER, list(texts), "again"), logits)
