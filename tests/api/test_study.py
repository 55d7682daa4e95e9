"""What trains, as functions: what they return, what they show, and what they leave behind."""

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from tiny_study import write_rows

from potstill import PotstillError, Source, layers, plan, report, run, tune
from potstill.domain.layer_search import LayerSearch
from potstill.domain.tuning import Tuning
from potstill.study.datasets import rows_of
from potstill.study.study_file import read_study

QUIET = Console(quiet=True)
TUNE = """
[tune]
trials = 1
rows = 64
learning_rate = [1e-3, 1e-1]
"""


@pytest.fixture
def workplace(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished study, to be written into."""
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_run_returns_the_report_that_it_writes(workplace: Path) -> None:
    folder = workplace / "runs" / "tiny"
    for name in ("report.html", "report.md", "report.json"):
        (folder / name).unlink(missing_ok=True)
    log = io.StringIO()
    made = run(str(workplace / "study.toml"), runs=str(workplace / "runs"), console=Console(file=log))
    assert made == report(folder, write=False)
    assert made.picked == "even"
    assert "test: 84 rows" in log.getvalue()
    assert sorted(path.name for path in folder.glob("report.*")) == ["report.html", "report.json", "report.md"]


def test_tuning_returns_the_trials_and_the_recipe(workplace: Path) -> None:
    study = workplace / "study.toml"
    study.write_text(study.read_text() + TUNE)
    result = tune(study, runs=workplace / "runs", console=QUIET)
    assert len(result.tuning.attempts) == 1
    assert result.recipe == workplace / "runs" / "tiny" / "tuned.toml"
    assert 'kind = "lora"' in result.recipe.read_text()
    assert Tuning.model_validate_json((workplace / "runs" / "tiny" / "tuned.json").read_text()) == result.tuning
    assert list(result.to_frame()["trial"]) == [attempt.number for attempt in result.tuning.attempts]
    assert f"The winner as a recipe: {result.recipe}" in result._repr_html_()  # pyright: ignore[reportPrivateUsage]


def write_known(path: Path, workplace: Path) -> None:
    """The rows that the study of a folder trains on, as a file."""
    data, _ = rows_of(read_study(workplace / "study.toml"), workplace)
    rows = zip(data.train.texts, data.train.labels, strict=True)
    path.write_text("text,label\n" + "".join(f"{text},{data.task.labels[label]}\n" for text, label in rows))


def test_the_layers_of_a_studys_teacher_are_those_of_its_model(finished: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "more.csv")
    said = (tmp_path / "more.csv").read_text().replace("text,label", "words,bad")
    (tmp_path / "named.csv").write_text(said)
    teacher = next((finished / "runs" / "tiny" / "ledger").glob("teacher-s0-*")) / "model"
    first = layers(finished / "runs" / "tiny", tmp_path / "more.csv", tmp_path / "a", rows=30, console=QUIET)
    assert list(first.to_frame()["kl"]) == [choice.kl for choice in first.choices]
    source = Source(str(tmp_path / "named.csv"), text="words", label="bad")
    second = layers(str(teacher), source, tmp_path / "b", rows=30, num_layers=1, console=QUIET)
    assert (first.depth, first.num_layers, first.rows) == (2, 1, 30)
    assert (first.novelty, first.trained_on) == ("not trained on", 120), "of the 240 the study trained on half"
    assert first == second, "half of two is one, and the rows are drawn by a seed"
    assert LayerSearch.model_validate_json((tmp_path / "a" / "layers-1.json").read_text()) == first
    words = (tmp_path / "a" / "layers-1.md").read_text()
    assert "30 rows that the model was not trained on (120 that it was trained on are left out); the teacher" in words
    assert "Each of the teacher's 2 layers by itself" in words
    assert (tmp_path / "a" / "layers-1.svg").read_text().rstrip().endswith("</svg>")


def test_rows_that_a_model_was_trained_on_are_not_called_held_out(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "copy")
    folder = tmp_path / "copy" / "runs" / "tiny"
    write_known(tmp_path / "known.csv", finished)
    with pytest.raises(PotstillError, match="the model was trained on every row of"):
        layers(folder, tmp_path / "known.csv", tmp_path / "a", console=QUIET)
    shutil.copytree(next((folder / "ledger").glob("teacher-s0-*")) / "model", tmp_path / "away")
    elsewhere = layers(tmp_path / "away", tmp_path / "known.csv", tmp_path / "b", rows=30, console=QUIET)
    assert elsewhere.novelty == "not known"
    assert "30 rows; nobody says whether the model was trained on them" in (tmp_path / "b" / "layers-1.md").read_text()
    (tmp_path / "copy" / "train.csv").unlink()
    gone = layers(folder, tmp_path / "known.csv", tmp_path / "c", rows=30, console=QUIET)
    assert gone.novelty == "not known", "the study's own rows cannot be looked at"


def test_a_given_teacher_is_held_against_what_it_was_trained_on(workplace: Path) -> None:
    model = next((workplace / "runs" / "tiny" / "ledger").glob("teacher-s0-*")) / "model"
    given = f'encoder = "encoder"\nmodel = "{model.relative_to(workplace)}"'
    study = (workplace / "study.toml").read_text().replace('encoder = "encoder"', given)
    (workplace / "given.toml").write_text(study)
    doubt = "The teacher was given, and test is cut from train.csv: if it was trained on rows of that"
    assert any(doubt in line for line in plan(workplace / "given.toml").account)
    named = study.replace("epochs = 8", 'trained_on = "train.csv"')
    (workplace / "named.toml").write_text(named)
    with pytest.raises(PotstillError, match=r"84 of 84 in test and 36 of 36 in validation stand in"):
        plan(workplace / "named.toml")
    write_known(workplace / "known.csv", workplace)
    (workplace / "apart.toml").write_text(named.replace('trained_on = "train.csv"', 'trained_on = "known.csv"'))
    account = plan(workplace / "apart.toml").account
    assert not any(doubt in line for line in account)
    assert "trained on: known.csv: 120 rows = 120 used" in account
    plain = (workplace / "study.toml").read_text()
    (workplace / "none.toml").write_text(plain.replace("epochs = 8", 'trained_on = "a"'))
    with pytest.raises(PotstillError, match="`trained_on` is for a given `model`"):
        plan(workplace / "none.toml")
