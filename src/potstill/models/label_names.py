"""What a model's config says of its labels: their names, and whether a text carries one of them or any number."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from transformers import PreTrainedModel

from potstill.domain.errors import ModelError, in_short, some_of
from potstill.domain.task import NO_LABEL, ProblemType, Task
from potstill.models.forward import label_count

log = logging.getLogger(__name__)

ONE, SEVERAL, NUMBER = "single_label_classification", "multi_label_classification", "regression"
"""What transformers calls the kinds of problem."""
MOST_CHARACTERS = 200
"""In the name of a label."""


def check_label_map(path: Path, config: Mapping[str, Any]) -> None:
    """Check `id2label` and `problem_type` in the content of a config.json, which lies at `path`.

    Raises:
        ModelError: it is not an object of a name for every number from 0 on, `label2id` gives the same names other
            numbers, or the problem is none that transformers knows.
    """
    problem = config.get("problem_type")
    if problem not in (None, ONE, SEVERAL, NUMBER):
        raise ModelError(f"{path}: problem_type {in_short(json.dumps(problem), 60)} is none of {ONE}, {SEVERAL}")
    names: Any = config.get("id2label")
    if names is None:
        return
    if isinstance(names, list):
        raise ModelError(f"{path}: id2label is a list: write {_fix(cast(list[Any], names))}")
    if not isinstance(names, dict):
        raise ModelError(f"{path}: id2label is not an object of names by their numbers, such as {_fix(['no', 'yes'])}")
    by_number = cast(dict[str, Any], names)
    if not by_number:
        raise ModelError(f"{path}: id2label names no label: write it as {_fix(['no', 'yes'])}")
    wanted = {str(number) for number in range(len(by_number))}
    if by_number.keys() != wanted:
        if {str(value) for value in by_number.values()} == wanted:
            turned = sorted(by_number, key=lambda name: int(by_number[name]))
            raise ModelError(
                f"{path}: id2label is turned round, its names stand before the numbers: write {_fix(turned)}"
            )
        lacking = sorted(wanted - by_number.keys(), key=int)
        raise ModelError(
            f"{path}: id2label names {len(by_number)} labels, but none of number {some_of(lacking)}: number them from 0"
        )
    for number, name in by_number.items():
        if not isinstance(name, str | int) or isinstance(name, bool):
            raise ModelError(
                f"{path}: id2label calls label {number} {in_short(json.dumps(name), 60)}: give it a name in quotes"
            )
    _check_other_way(path, {name: int(number) for number, name in by_number.items()}, config.get("label2id"))


def _check_other_way(path: Path, numbers: Mapping[Any, int], label2id: Any) -> None:
    """Raise ModelError where `label2id` has the same names with other numbers: whoever trained by it learnt others."""
    if not isinstance(label2id, dict):
        return
    given = cast(dict[str, Any], label2id)
    if given.keys() == {str(name) for name in numbers} and any(given[str(name)] != numbers[name] for name in numbers):
        raise ModelError(f"{path}: label2id and id2label contradict each other: take out the one that is wrong")


def labels_of(model: PreTrainedModel) -> list[str]:
    """The label names in the order of the logits."""
    names = cast(dict[int, str], model.config.id2label or {})
    return [str(names[index]) for index in range(label_count(model))]


def task_of(model: PreTrainedModel, path: Path, problem: ProblemType | None = None) -> Task:
    """What a classifier answers, by its config, which lies at `path`, and by what the user says (`problem`).

    Where neither says whether a text carries one label or any number, it is read as one of them, and that is logged.

    Raises:
        ModelError: it is no classifier of two labels or more, its names cannot be told apart or printed, or `problem`
            contradicts the config.
    """
    labels, declared = labels_of(model), model.config.problem_type
    if declared == NUMBER:
        raise ModelError(f"{path} is of a regression (problem_type), which gives numbers: only classifiers open here")
    if len(labels) == 1:
        raise ModelError(_one_output(path, labels[0], declared))
    multilabel = _is_multilabel(path, len(labels), declared, problem)
    _check_names(path, labels, multilabel)
    return Task(labels=tuple(labels), positive=labels[1] if len(labels) == 2 and not multilabel else None,
                multilabel=multilabel)  # fmt: skip


def declare_problem(model: PreTrainedModel, task: Task) -> None:
    """Write into a model's config what its logits mean, so that transformers' pipeline takes the same function."""
    model.config.problem_type = SEVERAL if task.multilabel else ONE


def check_declared(model: PreTrainedModel, task: Task, path: Path, problem: ProblemType | None = None) -> None:
    """Raise ModelError where a model's config, or what the user says of it, is of another problem than the task."""
    declared = model.config.problem_type
    said = "[teacher] problem" if problem else "problem_type"
    several = problem == "multilabel" if problem else declared == SEVERAL
    if (problem or declared) and several != task.multilabel:
        theirs, ours = ("any number of labels", "one") if several else ("one of the labels", "any number")
        raise ModelError(
            f"{path}: by its {said} a text carries {theirs}, in the data {ours}: name the label columns with [data] "
            "labels = [...] for several, one with [data] label, or take another model"
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


def _fix(names: list[Any]) -> str:
    """The entry as it should be, ready to paste."""
    return in_short(f'"id2label": {json.dumps({str(n): str(name) for n, name in enumerate(names)})}', 300)
