"""What a classifier answers: its labels, and whether a text carries one of them or any number."""

import json
import logging
from pathlib import Path

from transformers import PreTrainedModel

from potstill.domain.errors import ModelError, in_short
from potstill.domain.task import NO_LABEL, ProblemType, Task
from potstill.models.classifier import labels_of
from potstill.models.label_names import NUMBER, SEVERAL

log = logging.getLogger(__name__)

MOST_CHARACTERS = 200
"""In the name of a label."""


def task_of(model: PreTrainedModel, path: Path, problem: ProblemType | None = None) -> Task:
    """What a classifier answers, by its config, which lies at `path`, and by what the user says (`problem`).

    Where neither says whether a text carries one label or any number, it is read as one of them, and that is logged.

    Raises:
        ModelError: it is no classifier of two labels or more, its names cannot be told apart or printed, or `problem`
            contradicts the config.
    """
    check_classes(model, path)
    labels = labels_of(model)
    multilabel = _is_multilabel(path, len(labels), model.config.problem_type, problem)
    _check_names(path, labels, multilabel)
    return Task(labels=tuple(labels), positive=labels[1] if len(labels) == 2 and not multilabel else None,
                multilabel=multilabel)  # fmt: skip


def check_classes(model: PreTrainedModel, path: Path) -> None:
    """Raise ModelError unless a model, whose config lies at `path`, has two labels or more that can be told apart."""
    labels, declared = labels_of(model), model.config.problem_type
    if declared == NUMBER:
        raise ModelError(f"{path} is of a regression (problem_type), which gives numbers: only classifiers open here")
    if len(labels) == 1:
        raise ModelError(_one_output(path, labels[0], declared))
    _check_names(path, labels, declared == SEVERAL)


def check_declared(model: PreTrainedModel, task: Task, path: Path, problem: ProblemType | None = None) -> None:
    """Raise ModelError where a model's config, or what the user says of it, is of another problem than the task."""
    declared = model.config.problem_type
    said = {"problem_type": declared and declared == SEVERAL, "[teacher] problem": problem and problem == "multilabel"}
    for place, several in said.items():
        if several is not None and several != task.multilabel:
            theirs, ours = ("any number of labels", "one") if several else ("one of the labels", "any number")
            raise ModelError(
                f"{path}: by its {place} a text carries {theirs}, in the data {ours}: name the label columns with "
                "[data] labels = [...] for several, one with [data] label, or take another model"
            )


def _one_output(path: Path, label: str, declared: str | None) -> str:
    if declared == SEVERAL:
        return (
            f"{path}: the model has a single output ({in_short(label, 40)!r}, a sigmoid), and a classifier here has "
            "two labels: give its head a second row of zeros, which answers the same; docs/models.md has the lines"
        )
    return (
        f"{path}: the model has a single output, as regressions and rankers have (num_labels 1): only classifiers open "
        "here. If it is the log-odds of a label, give its head a row of zeros; docs/models.md has the lines"
    )


def _is_multilabel(path: Path, count: int, declared: str | None, problem: ProblemType | None) -> bool:
    fits = {"binary": count == 2, "multiclass": count > 2, "multilabel": True}
    if problem and not fits[problem]:
        raise ModelError(f"{path}: the model has {count} labels, so it is not {problem}")
    if problem and declared and (problem == "multilabel") != (declared == SEVERAL):
        raise ModelError(
            f"{path} says {declared} (problem_type), which is not {problem}: correct it there if it is wrong"
        )
    if problem is None and declared is None and count > 2:
        log.warning(
            "%s does not say whether a text carries one of its %d labels or any number (problem_type): read as one of "
            "them; --problem multilabel reads each label by itself",
            path, count,
        )  # fmt: skip
    return (problem == "multilabel") if problem else declared == SEVERAL


def _check_names(path: Path, labels: list[str], multilabel: bool) -> None:
    for number, label in enumerate(labels):
        if not label.strip() or len(label) > MOST_CHARACTERS or not label.isprintable():
            raise ModelError(
                f"{path}: id2label calls label {number} {in_short(json.dumps(label), 60)}: give it a name that can be "
                "printed on a line"
            )
        if (first := labels.index(label)) != number:
            raise ModelError(
                f"{path}: id2label calls labels {first} and {number} both {label!r}: give each a name of its own"
            )
    if multilabel and NO_LABEL in labels:
        raise ModelError(
            f'{path}: label {labels.index(NO_LABEL)} is called "{NO_LABEL}", as is a text that carries no label: give '
            "it another name in id2label"
        )
