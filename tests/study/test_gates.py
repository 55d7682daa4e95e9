"""Each refusal, tripped."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from tiny import comments, tiny_classifier, tiny_encoder
from tiny_study import STUDY, run_tiny, write_rows

from potstill import predict
from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.domain.dataset import Split
from potstill.domain.errors import DataError, GateError, ModelError, PotstillError, StudyError
from potstill.domain.study_folder import StudyFolder
from potstill.domain.task import Task
from potstill.methods.context import TrainedModel
from potstill.models.classifier import count_parameters
from potstill.recipes.finetune import Finetune
from potstill.recipes.untrained import Untrained
from potstill.study.datasets import rows_of
from potstill.study.estimate import estimate
from potstill.study.gates import check_teacher, check_trained_count
from potstill.study.study_file import parse_study, read_study


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    tiny_encoder(tmp_path / "encoder", layers=2)
    write_rows(tmp_path / "train.csv")
    return tmp_path


def write_study(workplace: Path, old: str, new: str) -> Path:
    text = STUDY.format(teacher_epochs=8)
    assert old in text
    (workplace / "study.toml").write_text(text.replace(old, new), encoding="utf-8")
    return workplace / "study.toml"


def test_a_part_that_was_frozen_unasked_is_refused() -> None:
    classifier = tiny_classifier(layers=1)
    count, _ = count_parameters(classifier.model)
    with pytest.raises(GateError, match=rf"half trained 50 of {count:,} parameters, its recipe implies {count:,}"):
        check_trained_count("half", Finetune(keep="even"), TrainedModel(classifier, (count, 50)))
    with pytest.raises(GateError, match="implies 0"):
        check_trained_count("moved", Untrained(keep="even"), TrainedModel(classifier, (count, count)))
    check_trained_count("whole", Finetune(keep="even"), TrainedModel(classifier, (count, count)))
    check_trained_count("still", Untrained(keep="even"), TrainedModel(classifier, (count, 0)))


def test_a_run_that_trains_something_else_fails_with_the_reason(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(workplace, "seeds", "seeds")
    monkeypatch.setattr("potstill.methods.student.count_parameters", lambda model: (100, 50))
    result = analyse(load_results(run_tiny(workplace)))
    even = next(row for row in result.rows if row.arm == "even")
    assert all("its recipe implies 100" in why for why in even.failures.values())
    assert len(even.failures) == 2


def test_a_margin_that_no_difference_can_reach_is_refused(workplace: Path) -> None:
    study = write_study(workplace, "seeds = [0, 1]", "seeds = [0, 1]\nrule = { margin = 5 }")
    with pytest.raises(StudyError, match=r"margin.*less than 1"):
        read_study(study)


def test_one_seed_has_no_verdict(workplace: Path) -> None:
    study = write_study(workplace, "seeds = [0, 1]", "seeds = [0]")
    with pytest.raises(StudyError, match=r"one seed says nothing about others.*\[rule\] verdict = false"):
        read_study(study)
    study.write_text(study.read_text().replace("seeds = [0]", "seeds = [0]\nrule = { verdict = false }"))
    assert read_study(study).seeds == [0]


def test_rows_of_test_in_training_stop_the_study(workplace: Path) -> None:
    write_rows(workplace / "test.csv", rows=120)
    write_study(workplace, 'train = "train.csv"', 'train = "train.csv"\ntest = "test.csv"')
    with pytest.raises(DataError, match="on_leak"):
        run_tiny(workplace)


def test_a_test_split_that_is_also_the_validation_split_stops_the_study(workplace: Path) -> None:
    texts, labels = comments(400)
    lines = [f"{text},{label}" for text, label in zip(texts, labels, strict=True)]
    for name, some in (("train", lines[:240]), ("other", lines[240:])):
        (workplace / f"{name}.csv").write_text("\n".join(["text,label", *some]) + "\n")
    both = 'train = "train.csv"\nvalidation = "other.csv"\ntest = "other.csv"'
    write_study(workplace, 'train = "train.csv"', both)
    with pytest.raises(DataError, match="on_leak"):
        run_tiny(workplace)


def test_a_question_names_arms_that_there_are() -> None:
    content = {"name": "x", "teacher": {"encoder": "e"}, "arms": {"even": {"kind": "student"}}}
    parse_study({**content, "rule": {"questions": {"Is it the teacher?": ["even", "finetune-even"]}}}, "study")
    with pytest.raises(StudyError, match=r"rule.questions names \['odd'\], which are not arms"):
        parse_study({**content, "rule": {"questions": {"Is odd better?": ["odd", "even"]}}}, "study")


def test_more_seeds_are_for_arms_that_there_are() -> None:
    content = {"name": "a", "teacher": {"encoder": "x"}, "arms": {"even": {"kind": "student"}}}
    with pytest.raises(StudyError, match='more_seeds names "odd", which is not an arm'):
        parse_study({**content, "more_seeds": {"odd": [3]}}, "study")
    with pytest.raises(StudyError, match=r"more_seeds: \[2, 3\] of even repeat"):
        parse_study({**content, "more_seeds": {"even": [2, 3]}}, "study")


def test_texts_longer_than_the_encoder_reads_are_refused_before_anything_is_trained(workplace: Path) -> None:
    study = read_study(write_study(workplace, "max_length = 24", "max_length = 65"))
    with pytest.raises(ModelError, match="max_length 65 is more than the 64 tokens that this bert can read"):
        estimate(study, *rows_of(study, workplace), workplace)
    with pytest.raises(ModelError, match="64 tokens"):
        run_tiny(workplace)
    assert not list((workplace / "runs").rglob("run.json"))


def given_teacher(workplace: Path, bias: list[float]) -> None:
    """Have the study measure a random model whose answers are shifted by so much."""
    classifier = tiny_classifier(layers=2)
    config = classifier.model.config
    config.id2label, config.label2id = {0: "fine", 1: "toxic"}, {"fine": 0, "toxic": 1}
    with torch.no_grad():
        cast(torch.nn.Linear, classifier.model.get_submodule("classifier")).bias.copy_(torch.tensor(bias))
    classifier.model.save_pretrained(workplace / "given")
    classifier.tokenizer.save_pretrained(workplace / "given")
    write_study(workplace, 'encoder = "encoder"', 'encoder = "encoder"\nmodel = "given"')


def test_a_given_teacher_whose_answers_are_not_finite_is_refused_by_name(workplace: Path) -> None:
    given_teacher(workplace, [float("nan"), 0])
    with pytest.raises(ModelError, match=r"given: classifier.bias holds NaN or infinity: the model was damaged"):
        run_tiny(workplace)


def test_a_constant_model_of_any_number_of_labels_is_not_above_chance() -> None:
    rng = np.random.default_rng(0)
    for count in (2, 3, 7):
        task = Task(labels=tuple("abcdefg"[:count]), positive="b" if count == 2 else None)
        rows = 50 * count + 3
        weights = rng.random(rows) + 0.1
        split = Split(["1"] * rows, ["x"] * rows, np.arange(rows) % count, weights, [""] * rows)
        constant = np.tile(rng.normal(size=count).astype(np.float32), (rows, 1))
        with pytest.raises(GateError, match="not clearly above chance"):
            check_teacher(constant, split, task)


def test_a_validation_of_one_class_is_refused(workplace: Path) -> None:
    texts, _ = comments(60, seed=1)
    (workplace / "one.csv").write_text("text,label\n" + "".join(f"{text} alone,fine\n" for text in texts))
    write_study(workplace, 'train = "train.csv"', 'train = "train.csv"\nvalidation = "one.csv"')
    with pytest.raises(StudyError, match='validation has no row of "toxic"'):
        run_tiny(workplace)


def test_a_teacher_that_no_list_of_words_is_below_picks_no_arm_unless_that_is_waived(workplace: Path) -> None:
    write_study(workplace, '[gates.waive]\nweak_teacher = "a few rows of invented words"\n', "")
    folder = StudyFolder(run_tiny(workplace))
    record = folder.record()
    assert record.picked is None
    assert record.why_none
    assert "worth compressing: it is not clearly better than" in record.why_none
    assert "no arm is picked: the teacher is not" in (workplace / "log.txt").read_text()
    with pytest.raises(PotstillError, match=r"worth compressing.* with --arm: teacher, even, lora"):
        predict(folder.path, ["good"])
    assert predict(folder.path, ["good"], arm="even") == predict(folder.model(record.runs_of("even")[0]), ["good"])
    write_study(workplace, "seeds", "seeds")
    again = StudyFolder(run_tiny(workplace)).record()
    assert (again.picked, again.why_none, again.runs) == ("even", None, record.runs)
    assert again.waived == {"weak_teacher": "a few rows of invented words"}
