"""Studies on a teacher that is given: what its folder says of the problem, and what its students say."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from odd_folders import edit, more_tokens
from piped import piped
from tiny import comments, tiny_classifier, tiny_tokenizer
from tiny_study import run_tiny

from potstill.domain.errors import ModelError, PotstillError
from potstill.domain.normalise import normalise
from potstill.models.auto import write_part
from potstill.models.predictor import open_predictor

LABELS = ("rude", "threat", "spam")
STUDY = """
name = "several"
seeds = [0, 1]
controls = "none"
[data]
train = "train.csv"
labels = ["rude", "threat", "spam"]
[teacher]
model = "teacher"
[training]
epochs = 1
batch_size = 16
max_length = 24
precision = "fp32"
[arms.even]
kind = "untrained"
keep = [0]
"""


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """Rows with three columns of labels, and a teacher of them that does not say that a text may carry several."""
    with (tmp_path / "train.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", *LABELS])
        for row, (text, label) in enumerate(zip(*comments(240), strict=True)):
            writer.writerow([text, label, int(row % 3 == 0), int(row % 2 == 0)])
    classifier = tiny_classifier(layers=2, labels=3)
    classifier.model.config.id2label = dict(enumerate(LABELS))
    classifier.model.config.label2id = {label: number for number, label in enumerate(LABELS)}
    write_part(classifier.model, tmp_path / "teacher")
    write_part(tiny_tokenizer(), tmp_path / "teacher")
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def saved(workplace: Path) -> list[Path]:
    return sorted((workplace / "runs" / "several" / "ledger").glob("*/model"))


def test_what_a_study_saves_says_that_a_text_may_carry_several_labels(several: Path) -> None:
    """The data's label columns say it, where the teacher's config does not; a pipeline would give shares of one."""
    with pytest.raises(PotstillError, match="not clearly above chance"):
        run_tiny(several)  # the teacher is random, and was saved before that was noticed
    for folder in saved(several):
        assert json.loads((folder / "config.json").read_text())["problem_type"] == "multi_label_classification"
        texts = [normalise(text) for text in comments(6)[0]]
        ours = 1 / (1 + np.exp(-open_predictor(str(folder))(texts)))
        theirs = [[scores[label] for label in LABELS] for scores in piped(folder, texts, length=24)]
        assert np.abs(ours - np.array(theirs)).max() < 1e-5
    assert saved(several)


@pytest.mark.parametrize(
    ("declared", "asked", "message"),
    [
        (
            "single_label_classification",
            "",
            r"by its problem_type a text carries one of the labels, in the data any num",
        ),
        (
            None,
            'problem = "multiclass"',
            r"by its \[teacher\] problem a text carries one of the labels, in the data any",
        ),
    ],
)
def test_a_teacher_of_another_problem_than_the_data_s_is_refused(
    several: Path, declared: str | None, asked: str, message: str
) -> None:
    edit(several / "teacher" / "config.json", problem_type=declared)
    (several / "study.toml").write_text(STUDY.replace('model = "teacher"', f'model = "teacher"\n{asked}'))
    with pytest.raises(ModelError, match=message):
        run_tiny(several)


def test_a_teacher_whose_tokenizer_is_larger_than_its_embedding_is_refused_before_any_work(several: Path) -> None:
    more_tokens(several / "odd")
    (several / "study.toml").write_text(STUDY.replace('model = "teacher"', 'model = "odd"'))
    with pytest.raises(ModelError, match=r"the tokenizer has \[USER\], \[URL\]"):
        run_tiny(several)
    assert not list((several / "runs" / "several").glob("ledger/majority*"))
