"""What a model answers, and the lines of docs/models.md for one that has a single output."""

import os
from pathlib import Path

import numpy as np
import pytest
from families import FAMILIES, tiny_of
from pages import ROOT, blocks_of
from tiny import tiny_classifier

from potstill.domain.errors import ModelError
from potstill.domain.task import Task
from potstill.models.auto import write_part
from potstill.models.classifier import logits_of
from potstill.models.predictor import open_predictor
from potstill.models.problem import check_classes, check_declared, task_of

TEXTS = ["you are a fool", "bad", "thanks"]
HERE = Path("config.json")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_lines_of_models_md_give_a_single_output_two(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    single = tiny_of(family, layers=2, labels=1)
    single.model.config.id2label, single.model.config.label2id = {0: "toxic"}, {"toxic": 0}
    write_part(single.model, tmp_path / "one-output")
    write_part(single.tokenizer, tmp_path / "one-output")
    expected = 1 / (1 + np.exp(-logits_of(single, TEXTS, max_length=32).numpy()[:, 0]))
    block = next(block for block in blocks_of(ROOT / "docs" / "models.md") if block.language == "python")
    monkeypatch.chdir(tmp_path)
    assert Path(os.curdir, "one-output").is_dir()
    exec(compile(block.text, block.place, "exec"), {})
    opened = open_predictor(str(tmp_path / "two-outputs"))
    assert opened.task == Task(labels=("other", "toxic"), positive="toxic")
    assert np.abs(np.array([each.score for each in opened.predict(TEXTS) if each]) - expected).max() < 1e-5


def test_two_labels_are_the_second_or_not() -> None:
    assert task_of(tiny_classifier(1).model, HERE).positive == "LABEL_1"


def test_three_labels_are_one_of_them_unless_they_are_several() -> None:
    model = tiny_classifier(1, labels=3).model
    assert task_of(model, HERE).problem == "multiclass"
    assert task_of(model, HERE, "multilabel").problem == "multilabel"
    model.config.problem_type = "multi_label_classification"
    assert task_of(model, HERE).problem == "multilabel"
    with pytest.raises(ModelError, match="which is not multiclass: correct it there"):
        task_of(model, HERE, "multiclass")


def test_a_model_is_held_against_the_data() -> None:
    model = tiny_classifier(1, labels=3).model
    single, several = Task(labels=("a", "b", "c")), Task(labels=("a", "b", "c"), multilabel=True)
    for task in (single, several):
        check_declared(model, task, HERE)  # it says nothing
    check_declared(model, several, HERE, "multilabel")
    with pytest.raises(
        ModelError, match=r"by its \[teacher\] problem a text carries any number of labels, in the data"
    ):
        check_declared(model, single, HERE, "multilabel")
    model.config.problem_type = "single_label_classification"
    with pytest.raises(ModelError, match="by its problem_type a text carries one of the labels"):
        check_declared(model, several, HERE)


def test_a_regression_is_no_classifier() -> None:
    model = tiny_classifier(1, labels=3).model
    model.config.problem_type = "regression"
    with pytest.raises(ModelError, match="is of a regression"):
        check_classes(model, HERE)
