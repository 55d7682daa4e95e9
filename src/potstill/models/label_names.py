"""The map of labels in a config.json, and the kind of problem that it states."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from transformers import PreTrainedModel

from potstill.domain.errors import ModelError, in_short, some_of
from potstill.domain.task import Task

ONE, SEVERAL, NUMBER = "single_label_classification", "multi_label_classification", "regression"
"""What transformers calls the kinds of problem."""


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


def declare_problem(model: PreTrainedModel, task: Task) -> None:
    """Write into a model's config what its logits mean, so that transformers' pipeline takes the same function."""
    model.config.problem_type = SEVERAL if task.multilabel else ONE


def _fix(names: list[Any]) -> str:
    """The entry as it should be, ready to paste."""
    return in_short(f'"id2label": {json.dumps({str(n): str(name) for n, name in enumerate(names)})}', 300)
