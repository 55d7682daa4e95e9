"""Arms that are given more rows, other rows or another tokenizer, at the tokens of the rest."""

import csv
import io
from pathlib import Path

import pytest
from rich.console import Console
from tiny import comments, tiny_config, tiny_encoder
from transformers import BertModel

from potstill import plan, report
from potstill.analysis.results import load_results
from potstill.domain.errors import DataError, StudyError
from potstill.domain.study_folder import StudyFolder
from potstill.study.datasets import load_rows, rows_of
from potstill.study.plan import plan_runs, teacher_training
from potstill.study.progress import Display
from potstill.study.runner import run_study
from potstill.study.study_file import read_study
from potstill.study.tables import DataTable
from potstill.study.workspace import Workspace

STUDY = """
name = "budget"
seeds = [0]
rule = { verdict = false }
controls = "none"
[data]
train = "train.csv"
unlabelled = { path = "more.csv", sample = 150 }
[teacher]
encoder = "encoder"
epochs = 8
[training]
epochs = 2
batch_size = 16
learning_rate = 3e-3
max_length = 24
precision = "fp32"
budget = "equal"
[arms.plain]
kind = "student"
[arms.long]
kind = "student"
epochs = 5
[arms.more]
kind = "student"
unlabelled = true
[arms.small]
kind = "small"
encoder = "small"
loss = "kd"
[arms.hybrid]
kind = "hybrid"
[gates.waive]
weak_teacher = "a few rows of invented words"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    tiny_encoder(tmp_path / "encoder", layers=2)
    tiny_encoder(tmp_path / "small", layers=1, seed=7)
    _write(tmp_path / "train.csv", 0, 240, labelled=True)
    # The last forty of the labelled rows stand here too: they are no news.
    _write(tmp_path / "more.csv", 200, 600, labelled=False)
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def _write(path: Path, start: int, stop: int, *, labelled: bool) -> None:
    texts, labels = comments(stop)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"] if labelled else ["text"])
        for text, label in list(zip(texts, labels, strict=True))[start:]:
            writer.writerow([text, "toxic" if label else "fine"] if labelled else [text])


def test_every_arm_spends_the_same_tokens(place: Path) -> None:
    with (place / "log.txt").open("w") as log:
        display = Display(Console(file=log, width=200))
        folder = run_study(read_study(place / "study.toml"), root=place, runs=place / "runs", display=display)
    arms = {arm.name: arm.done[0].record for arm in load_results(folder).arms if arm.done}
    tokens = {name: arms[name].cost.train_tokens for name in ("plain", "long", "more", "small", "hybrid")}
    assert max(tokens.values()) - min(tokens.values()) < 16 * 24, tokens
    assert arms["plain"].digest != arms["long"].digest
    assert arms["small"].layers is None
    said = (place / "log.txt").read_text()
    assert "unlabelled: more.csv: 400 rows = 150 used" in said
    assert "left out (in train)" in said
    assert report(folder, write=False).picked in ("plain", "long", "more", "small", "hybrid")
    planned = {arm.arm: arm for arm in plan(place / "study.toml").arms}
    assert planned["small"].parameters == arms["small"].cost.parameters
    assert planned["hybrid"].trainable == arms["hybrid"].cost.trainable_parameters
    assert planned["long"].tokens == planned["plain"].tokens


def test_a_small_encoder_takes_time_however_many_words_the_study_s_own_has(place: Path) -> None:
    config = tiny_config(2)
    config.vocab_size = 5000  # more vectors than the small one has weights
    BertModel(config).save_pretrained(place / "encoder")
    planned = {arm.arm: arm for arm in plan(place / "study.toml").arms}
    assert planned["small"].parameters < 5000 * config.hidden_size
    # Both have one layer of the same width and see as many tokens.
    assert 0 < planned["small"].seconds == planned["plain"].seconds


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # An arm's own epochs hide the study's from its settings; what it spends is the study's all the same.
        ("\nepochs = 2\n", "\nepochs = 3\n"),
        ("max_length = 24", "max_length = 22"),
        ('name = "budget"', 'name = "budget"\nthreshold = "recall >= 0.8"'),
        ('train = "train.csv"', 'train = "train.csv"\npositive = "fine"'),
    ],
)
def test_a_run_is_another_where_anything_is_that_it_depends_on(place: Path, old: str, new: str) -> None:

    def digests() -> dict[str, str]:
        study = read_study(place / "study.toml")
        display = Display(Console(file=io.StringIO()))
        workspace = Workspace.open(study, StudyFolder(place / "runs"), place, display)
        name, budget = workspace.identity, workspace.token_budget
        teacher = name.teacher(teacher_training(study, {})).key
        return {spec.arm: name.arm(spec, teacher, budget).key.digest for spec in plan_runs(study, {})}

    before = digests()
    (place / "study.toml").write_text(STUDY.replace(old, new), encoding="utf-8")
    after = digests()
    assert not set(before.values()) & set(after.values())


def test_rows_without_labels_stand_in_no_split(place: Path) -> None:
    data, _ = rows_of(read_study(place / "study.toml"), place)
    known = {text for split in data.splits().values() for text in split.texts}
    assert len(data.unlabelled) == 150
    assert not known & set(data.unlabelled)


def test_rows_that_are_all_known_are_refused(place: Path) -> None:
    (place / "more.csv").write_bytes((place / "train.csv").read_bytes())
    with pytest.raises(DataError, match="no usable row"):
        rows_of(read_study(place / "study.toml"), place)


def test_an_arm_that_needs_unlabelled_rows_says_so(place: Path) -> None:
    study = (place / "study.toml").read_text().replace('unlabelled = { path = "more.csv", sample = 150 }\n', "")
    (place / "study.toml").write_text(study)
    with pytest.raises(StudyError, match=r'arm "more" distils on rows without labels'):
        read_study(place / "study.toml")


def test_a_sample_under_data_is_of_train_alone(tmp_path: Path) -> None:
    _write(tmp_path / "train.csv", 0, 240, labelled=True)
    _write(tmp_path / "test.csv", 240, 360, labelled=True)
    data = load_rows(DataTable(train="train.csv", test="test.csv", sample=50), tmp_path)
    assert (len(data.train) + len(data.validation), len(data.test)) == (50, 120)
