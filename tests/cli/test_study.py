import json
import shutil
from pathlib import Path

import pytest
from tiny_study import write_rows

from potstill.cli.main import main
from potstill.domain.layer_search import LayerSearch


@pytest.fixture
def workplace(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished study, to be written into and worked in."""
    shutil.copytree(finished, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "copy"


def test_plan_shows_what_would_run(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "study.toml"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("train, validation, test: train.csv: 240 rows = 240 used\n")
    assert "tiny: 8 runs, seeds [0, 1]; layers are counted from 0" in shown
    assert "Expected 95 % interval of an arm's difference" in shown
    assert shown.endswith("Nothing was spent.\n")


def test_run_ends_with_the_report_that_report_shows_again(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "study.toml"]) == 0
    progress, _, table = (
        capsys.readouterr().out.partition("seed 1: validation PR-AUC ")[2].rpartition(" s of training\n")
    )
    assert progress
    assert main(["report", "runs/tiny"]) == 0
    shown = capsys.readouterr().out
    assert table == shown
    assert shown.endswith("\nWith pictures: runs/tiny/report.html\n")
    assert (workplace / "runs" / "tiny" / "report.html").is_file()


def test_report_prints_as_it_is_asked(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "runs/tiny", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["study"] == "tiny"
    assert main(["report", "runs/tiny", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.strip() == (workplace / "runs" / "tiny" / "report.md").read_text().strip()


def test_layers_are_those_of_a_studys_teacher(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(workplace / "more.csv")
    assert main(["layers", "runs/tiny", "--data", "more.csv", "--rows", "30", "-n", "1"]) == 0
    shown = capsys.readouterr().out
    assert "Of 2 choices of 1 of 2 layers" in " ".join(shown.split())
    assert shown.endswith("runs/layers-tiny/layers-1: .md, .svg and .json\n")
    folder = workplace / "runs" / "layers-tiny"
    assert LayerSearch.model_validate_json((folder / "layers-1.json").read_text()).rows == 30
    assert {"layers-1.md", "layers-1.svg"} <= {path.name for path in folder.iterdir()}


def test_tune_names_the_recipe(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = workplace / "study.toml"
    study.write_text(study.read_text() + "\n[tune]\ntrials = 1\nrows = 64\nlearning_rate = [1e-3, 1e-1]\n")
    assert main(["tune", "study.toml", "--runs", "runs"]) == 0
    shown = capsys.readouterr().out
    assert "The best of 1 trials" in " ".join(shown.split())
    assert shown.endswith("The winner as a recipe: runs/tiny/tuned.toml\n")
    assert (workplace / "runs" / "tiny" / "tuned.toml").is_file()


def test_pack_says_how_large_and_what_for(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "runs/tiny", "-o", "packed"]) == 0
    size = sum(path.stat().st_size for path in (workplace / "packed").rglob("*") if path.is_file())
    assert capsys.readouterr().out == f"packed: {size / 1e3:.0f} kB; `potstill report packed` makes every table of it\n"
    assert main(["pack", "runs/tiny", "-o", "packed"]) == 1
    assert "packed exists" in capsys.readouterr().err
