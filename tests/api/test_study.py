"""What trains, as functions: what they return, what they show, and what they leave behind."""

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from tiny_study import write_rows

from potstill import Source, layers, report, run, tune
from potstill.domain.layer_search import LayerSearch
from potstill.domain.tuning import Tuning

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
    assert first == second, "half of two is one, and the rows are drawn by a seed"
    assert LayerSearch.model_validate_json((tmp_path / "a" / "layers-1.json").read_text()) == first
    assert "Each of the teacher's 2 layers by itself" in (tmp_path / "a" / "layers-1.md").read_text()
    assert (tmp_path / "a" / "layers-1.svg").read_text().rstrip().endswith("</svg>")
