"""A saved student answers in transformers' own pipeline as it does here: every family, every kind of problem."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from families import FAMILIES, tiny_of
from piped import piped
from tiny import comments

from potstill.domain.layers import plan_layers
from potstill.domain.measures import Calibration
from potstill.domain.normalise import normalise
from potstill.domain.predictor import Prediction
from potstill.domain.task import Task
from potstill.models.classifier import Classifier, save_classifier
from potstill.models.label_names import declare_problem
from potstill.models.layer_stack import prune_layers
from potstill.models.predictor import open_predictor
from potstill.models.saved import SavedDecision, write_decision

LENGTH = 24
TASKS = {
    "binary": Task(labels=("fine", "toxic"), positive="toxic"),
    "multiclass": Task(labels=("bug", "thanks", "question", "spam")),
    "multilabel": Task(labels=("toxic", "threat", "insult"), multilabel=True),
    "two of several": Task(labels=("toxic", "threat"), multilabel=True),
}
TEXTS = [*comments(12)[0], "ÄÖ ok", "you are a fool " * 30]


def saved_student(folder: Path, family: str, task: Task, temperature: float = 1.0) -> Path:
    """A student of a teacher that was loaded without a word on its problem, as a given one may be."""
    teacher = tiny_of(family, layers=4, labels=len(task.labels))
    teacher.model.config.id2label = dict(enumerate(task.labels))
    teacher.model.config.label2id = {label: number for number, label in enumerate(task.labels)}
    declare_problem(teacher.model, task)
    student = Classifier(prune_layers(teacher.model, plan_layers([0, 2], 4)).eval(), teacher.tokenizer)
    save_classifier(student, folder, max_length=LENGTH, card="")
    write_decision(
        folder, SavedDecision(task=task, calibration=Calibration(temperature=temperature), max_length=LENGTH)
    )
    return folder


def by_label(task: Task, predictions: Sequence[Prediction | None]) -> list[dict[str, float]]:
    return [dict(zip(task.labels, prediction.shares, strict=True)) for prediction in predictions if prediction]


@pytest.mark.parametrize("problem", TASKS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_pipeline_gives_every_score_as_predict_does(family: str, problem: str, tmp_path: Path) -> None:
    task = TASKS[problem]
    folder = saved_student(tmp_path / "student", family, task)
    ours = by_label(task, open_predictor(str(folder)).predict(TEXTS))
    theirs = piped(folder, [normalise(text) for text in TEXTS], length=LENGTH)
    for own, scores in zip(ours, theirs, strict=True):
        assert own.keys() == scores.keys()
        assert list(own.values()) == pytest.approx([scores[label] for label in own], abs=1e-5)


@pytest.mark.parametrize("problem", TASKS)
def test_a_fitted_temperature_divides_the_pipeline_s_logits(problem: str, tmp_path: Path) -> None:
    """As the model card says: a pipeline cannot know of potstill.json."""
    task = TASKS[problem]
    folder = saved_student(tmp_path / "student", "bert", task, temperature=2.5)
    ours = [list(scores.values()) for scores in by_label(task, open_predictor(str(folder)).predict(TEXTS))]
    theirs = piped(folder, [normalise(text) for text in TEXTS], length=LENGTH, function="none")
    for own, by_name in zip(ours, theirs, strict=True):
        logits = np.array([by_name[label] for label in task.labels]) / 2.5
        expected = 1 / (1 + np.exp(-logits)) if task.multilabel else np.exp(logits) / np.exp(logits).sum()
        assert own == pytest.approx(expected.tolist(), abs=1e-5)
