"""Tuning LoRA: it continues after a kill, never looks at test, and its winner is an arm that a study names."""

import csv
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import optuna
import pytest
from tiny import comments, tiny_encoder

from potstill.cli.main import main
from potstill.domain.errors import StudyError
from potstill.domain.study_folder import StudyFolder
from potstill.domain.tuning import Attempt, Tuning
from potstill.study.evaluator import Evaluator
from potstill.study.study_file import read_study
from potstill.study.tune import check_tuning

STUDY = """
name = "tuning"
seeds = [0]
rule = {{ verdict = false }}
[data]
train = "train.csv"
[teacher]
encoder = "encoder"
epochs = 8
[training]
epochs = {epochs}
batch_size = 16
learning_rate = 3e-3
max_length = 24
precision = "fp32"
[tune]
trials = {trials}
rows = {rows}
learning_rate = [1e-3, 1e-1]
r = [2, 8]
[arms.lora]
kind = "lora"
"""


def workplace(folder: Path, *, trials: int, epochs: int = 2, rows: int = 64) -> Path:
    tiny_encoder(folder / "encoder", layers=2)
    with (folder / "train.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((text, "toxic" if label else "fine") for text, label in zip(*comments(240), strict=True))
    (folder / "study.toml").write_text(STUDY.format(trials=trials, epochs=epochs, rows=rows), encoding="utf-8")
    return folder


def tune(folder: Path) -> Tuning:
    assert main(["tune", str(folder / "study.toml"), "--runs", str(folder / "runs")]) == 0
    return Tuning.model_validate_json((folder / "runs" / "tuning" / "tuned.json").read_text())


def test_the_usual_settings_come_first_and_the_winner_is_an_arm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tuning = tune(workplace(tmp_path, trials=7))
    first = tuning.attempts[0]
    assert (first.settings["r"], first.settings["lora_alpha"], first.settings["lora_dropout"]) == (8, 32, 0.1)
    assert first.settings["target_modules"] == ["query", "value"]
    assert len(tuning.attempts) == 7
    assert sum(tuning.importance.values()) == pytest.approx(1) or any(trial.given_up for trial in tuning.attempts)
    shown = capsys.readouterr().out
    assert f"{tuning.best.pr_auc:.3f}" in shown
    assert "partly luck" in " ".join(shown.split())
    recipe = tomllib.loads((tmp_path / "runs" / "tuning" / "tuned.toml").read_text())
    assert recipe["r"] == tuning.best.settings["r"]
    study = (tmp_path / "study.toml").read_text()
    named = '[arms.tuned]\nrecipe = "runs/tuning/tuned.toml"\nlora_dropout = 0.0\n'
    (tmp_path / "again.toml").write_text(study + named)
    arm = read_study(tmp_path / "again.toml").arms["tuned"].model_dump()
    assert (arm["kind"], arm["learning_rate"], arm["lora_dropout"]) == ("lora", recipe["learning_rate"], 0.0)
    more = tmp_path / "study.toml"
    more.write_text(study.replace("trials = 7", "trials = 8"))
    assert tune(tmp_path).attempts[:7] == tuning.attempts, "what was tried is not tried again"


def test_a_search_that_was_killed_goes_on_with_what_was_cut(tmp_path: Path) -> None:
    place = workplace(tmp_path, trials=3, epochs=30, rows=120)
    database = tmp_path / "runs" / "tuning" / "tune.db"
    command = [sys.executable, "-m", "potstill", "tune", "study.toml"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 120
        while not (cut := _running(database)) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
    (name,) = optuna.get_all_study_names(f"sqlite:///{database}")
    before = _finished(database, name)
    tune(place)
    after = _finished(database, name)
    assert {number: after[number] for number in before} == before, "what was finished is as it was"
    assert len(after) == 3
    assert cut
    assert any(trial.params == cut[0] for trial in after.values()), "what was cut is tried again"


def _running(database: Path) -> list[dict[str, object]]:
    """The settings of trials that have begun to train after another was finished."""
    if not _has_tables(database):
        return []
    try:
        names = optuna.get_all_study_names(f"sqlite:///{database}")
        trials = optuna.load_study(study_name=names[0], storage=f"sqlite:///{database}").trials if names else []
    except Exception:  # the database is being made
        return []
    begun = [trial.params for trial in trials if trial.state.name == "RUNNING" and len(trial.params) == 5]
    return begun if any(trial.state.name == "COMPLETE" for trial in trials) else []


def _has_tables(database: Path) -> bool:
    """Whether the search has made its tables, of which it notes the version last. Optuna, asked before, would make them
    itself, and one of the two would find them there already."""
    if not database.is_file():
        return False
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as tables, suppress(sqlite3.OperationalError):
        return bool(tables.execute("SELECT version_num FROM alembic_version").fetchall())
    return False


def _finished(database: Path, name: str) -> dict[int, optuna.trial.FrozenTrial]:
    trials = optuna.load_study(study_name=name, storage=f"sqlite:///{database}").trials
    return {trial.number: trial for trial in trials if trial.state.name in ("COMPLETE", "PRUNED")}


def test_a_search_that_cannot_begin_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = workplace(tmp_path, trials=1)
    study = (place / "study.toml").read_text()
    (place / "study.toml").write_text(study.replace("r = [2, 8]", "r = [2, 4]"))
    assert main(["tune", str(place / "study.toml"), "--runs", str(place / "runs")]) == 1
    assert "lacks the arm's own 8" in capsys.readouterr().err
    (place / "study.toml").write_text(study.replace('kind = "lora"', 'kind = "student"'))
    assert main(["tune", str(place / "study.toml"), "--runs", str(place / "runs")]) == 1
    assert 'needs an arm of kind = "lora"' in capsys.readouterr().err
    (place / "study.toml").write_text(study + "target_modules = ['dense']\n")
    assert main(["tune", str(place / "study.toml"), "--runs", str(place / "runs")]) == 1
    assert "lacks the arm's own ['dense']" in capsys.readouterr().err


def test_a_trial_that_breaks_is_not_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workplace(tmp_path, trials=2)
    study = (place / "study.toml").read_text()
    (place / "study.toml").write_text(study + "target_modules = ['query', 'key', 'value']\n")

    def broken(*arguments: object) -> float:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr("potstill.study.tune.make_model", broken)
        with pytest.raises(RuntimeError, match="out of memory"):
            tune(place)
    tuning = tune(place)
    assert len(tuning.attempts) == 2
    (name,) = optuna.get_all_study_names(f"sqlite:///{place}/runs/tuning/tune.db")
    trials = optuna.load_study(study_name=name, storage=f"sqlite:///{place}/runs/tuning/tune.db").trials
    assert [trial.params["targets"] for trial in trials[:2]] == ["attention"] * 2, "the arm's own come first"
    assert tuning.attempts[0].settings["target_modules"] == ["query", "key", "value"]
    assert [trial.state.name for trial in trials] == ["FAIL", "COMPLETE", "COMPLETE"]


def test_trials_of_another_training_are_not_counted(tmp_path: Path) -> None:
    place = workplace(tmp_path, trials=1)
    tune(place)
    study = (place / "study.toml").read_text()
    (place / "study.toml").write_text(study.replace("batch_size = 16", "batch_size = 8\nweight_decay = 0.02"))
    tune(place)
    assert len(optuna.get_all_study_names(f"sqlite:///{place}/runs/tuning/tune.db")) == 2


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    place = workplace(tmp_path, trials=1)
    text = (place / "study.toml").read_text() + '[arms.tuned]\nrecipe = "nowhere.toml"\n'
    (place / "study.toml").write_text(text)
    with pytest.raises(StudyError, match=r"nowhere\.toml cannot be read"):
        read_study(place / "study.toml")


def test_only_validation_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workplace(tmp_path, trials=1)
    tune(place)  # makes the teacher, which is measured on test
    (place / "study.toml").write_text((place / "study.toml").read_text().replace("trials = 1", "trials = 2"))
    asked: list[str] = []
    inner = Evaluator.logits

    def watched(evaluator: Evaluator, classifier: Any, split: str) -> Any:
        asked.append(split)
        return inner(evaluator, classifier, split)

    monkeypatch.setattr(Evaluator, "logits", watched)
    assert len(tune(place).attempts) == 2
    assert set(asked) == {"validation"}


def test_the_best_of_trials_that_are_no_better_than_chance_is_no_winner(tmp_path: Path) -> None:
    attempt = Attempt(number=1, settings={"r": 8}, pr_auc=1 / 3, given_up=False, seconds=1, failure="")
    tuning = Tuning(arm="lora", rows=64, attempts=[attempt], importance={})
    with pytest.raises(StudyError, match=r"no trial came above chance: the best of 1 reaches .* 0\.333, chance 0\.333"):
        check_tuning(tuning, 1 / 3, StudyFolder(tmp_path))
    check_tuning(tuning, 0.3, StudyFolder(tmp_path))
