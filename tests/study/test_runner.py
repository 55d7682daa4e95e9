"""Whole studies on tiny models: every file of a run, continuing, failing, and being killed."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from drawn import seal_runs
from huggingface_hub import ModelCard, ModelCardData
from rich.console import Console
from tiny import comments
from tiny_study import STUDY, run_tiny, write_rows

from potstill import pack, predict
from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.cli.report_tables import print_report
from potstill.domain.errors import GateError, PotstillError, StudyError
from potstill.domain.predictor import probabilities
from potstill.domain.study_folder import StudyFolder
from potstill.evaluation.calibration import fit_calibration
from potstill.models.classifier import open_classifier
from potstill.models.predictor import open_predictor
from potstill.models.saved import SavedDecision
from potstill.report.document import build_document
from potstill.report.files import write_report
from potstill.report.render.markdown import markdown

QUIET = Console(quiet=True)
WORDS = (("good", 0), ("fool", 1))


def ledger_of(folder: Path) -> dict[str, float]:
    # Begins with a letter: a run still being written lies under ".partial-" and is renamed away between glob and stat.
    return {path.name: path.stat().st_mtime_ns for path in (folder / "ledger").glob("[a-z]*-s*-*")}


def timeless(folder: Path) -> str:
    return markdown(build_document(analyse(load_results(folder)), timed=False))


def test_a_study_runs_continues_and_reports(workplace: Path) -> None:
    folder = run_tiny(workplace)
    before = ledger_of(folder)
    assert len(before) == 3 + 1 + 2 * 3 + 1  # baselines, teacher, three seeded arms twice, one untrained
    table = timeless(folder)
    (folder / "layers-9.json").write_text("of a search that the study had once")
    run_tiny(workplace)
    assert ledger_of(folder) == before, "a finished run is never made again"
    assert timeless(folder) == table

    result = analyse(load_results(folder))
    assert [row.arm for row in result.rows][:4] == ["majority", "tfidf-words", "tfidf-characters", "teacher"]
    assert result.picked == "even"
    by_name = {row.arm: row for row in result.rows}
    assert by_name["even"].layers == "[1] of 2"
    assert by_name["teacher"].layers == by_name["lora"].layers == "all 2"
    assert by_name["even"].figures["pr_auc"].spread is not None
    assert by_name["untrained-even"].figures["pr_auc"].spread is None
    assert by_name["teacher"].figures["parameters"].mean > by_name["even"].figures["parameters"].mean
    assert {d.arm for d in result.differences} >= {"teacher", "even", "lora", "finetune-even"}

    even = next(path for path in (folder / "ledger").glob("even-s0-*"))
    with np.load(even / "logits.npz") as logits:
        assert logits["test"].shape == (result.test_rows, 2)
    assert open_classifier(even / "model").model.config.id2label == {0: "fine", 1: "toxic"}
    assert next((folder / "ledger").glob("lora-s0-*/adapter/adapter_model.safetensors")).is_file()
    saved = SavedDecision.model_validate_json((even / "model" / "potstill.json").read_text())
    predictor = open_predictor(str(even))
    answers, logits = predictor.predict(["you are fool", "good"]), predictor(["you are fool", "good"])
    shares = probabilities(logits, saved.task, saved.calibration.temperature)[:, 1]
    assert saved.calibration.threshold
    assert [answer and answer.score for answer in answers] == pytest.approx(shares.tolist())
    assert [answer and answer.flagged for answer in answers] == (shares >= saved.calibration.threshold.value).tolist()
    with np.load(even / "logits.npz") as run, np.load(folder / "rows.npz") as rows:
        labels, weights = rows["validation_labels"], rows["validation_weights"]
        fitted = fit_calibration(run["validation"], labels, weights, saved.task, "best_f1")
    assert fitted == saved.calibration, "fitted on validation alone"

    for how in ("terminal", "markdown", "json"):
        with (workplace / f"shown.{how}").open("w") as shown:
            print_report(write_report(folder)[0], StudyFolder(folder), Console(file=shown, width=100), how)
    lines = (workplace / "shown.terminal").read_text().splitlines()
    assert lines[-1] == f"With pictures: {folder / 'report.html'}", "a path stays in one piece, however long"
    assert [line for line in lines[:-1] if len(line) > 100] == []
    small = workplace / "packed"
    size = pack(folder, small)
    assert (small / "report.md").read_text() == (folder / "report.md").read_text(), "every table, without the study"
    runs = list((small / "ledger").iterdir())
    assert len(runs) == len(before)
    rows = sum(result.test_rows for _ in runs)
    assert sum(path.stat().st_size for run in runs for path in run.iterdir()) <= 20_000 * len(runs) + 10 * rows
    assert size < 400_000
    everything = b"".join(path.read_bytes() for path in small.rglob("*") if path.is_file())
    assert not [text for text, _ in zip(*comments(120), strict=True) if text.encode() in everything]
    with pytest.raises(PotstillError, match="exists"):
        pack(folder, small)

    page = (folder / "report.html").read_text()
    assert "Rows whose probability moved most" in page
    assert result.flips is not None
    assert all(flip.text and flip.text[:20] in page for flip in result.flips.examples)
    assert not (small / "report.html").exists(), "texts of rows stay where the rows are"
    card = (even / "model" / "README.md").read_text()
    index = cast(ModelCardData, ModelCard(card).data).eval_results
    assert index
    assert index[0].metric_value == pytest.approx(
        json.loads((even / "run.json").read_text())["test"]["pr_auc"], abs=1e-4
    )
    assert "## Verdict" in card
    kept = json.loads((folder / "report.json").read_text())
    assert f"{by_name['even'].figures['pr_auc'].mean:.3f}" in (workplace / "shown.terminal").read_text()
    assert kept["picked"] == "even"


def test_what_the_most_frequent_label_beats_is_marked(workplace: Path) -> None:
    folder = run_tiny(workplace)
    with np.load(folder / "rows.npz") as rows:
        toxic = float(rows["test_labels"].mean())
    by_name = {row.arm: row for row in analyse(load_results(folder)).rows}
    assert by_name["majority"].figures["accuracy"].mean == pytest.approx(max(toxic, 1 - toxic))

    record = next((folder / "ledger").glob("lora-s0-*/run.json"))
    content = json.loads(record.read_text())
    content["test"]["accuracy"] = 0.01
    record.write_text(json.dumps(content))
    with pytest.raises(PotstillError, match=r"lora-s0-\w+/run.json was changed after the run was made"):
        load_results(folder)
    seal_runs(folder)
    assert [row.arm for row in analyse(load_results(folder)).rows if row.not_above_majority] == ["lora"]
    assert "accuracy not above the majority class's: lora." in timeless(folder)


def test_more_seeds_and_subgroups_are_added_to_a_finished_study(workplace: Path) -> None:
    folder = run_tiny(workplace)
    before = ledger_of(folder)
    study = workplace / "study.toml"
    text = study.read_text().replace("seeds = [0, 1]", "seeds = [0, 1]\nmore_seeds = { even = [2] }")
    with (workplace / "people.csv").open("w", encoding="utf-8") as file:
        file.write("comment,bad\n")
        for who in ("gay", "old", "tall"):
            file.writelines(f"{who} you are {word} {n},{bad}\n" for n in range(12) for word, bad in WORDS)
    text += (
        '\n[subgroups]\npath = "people.csv"\ntext = "comment"\nlabel = "bad"\nlabels = { 0 = "fine", 1 = "toxic" }\n'
    )
    study.write_text(text, encoding="utf-8")
    run_tiny(workplace)
    after = ledger_of(folder)
    assert {name: after[name] for name in before} == before
    assert [name.rpartition("-")[0] for name in after if name not in before] == ["even-s2"]
    result = analyse(load_results(folder))
    assert {row.arm: row.seeds for row in result.rows}["even"] == [0, 1, 2]
    assert {areas.group for areas in result.subgroups} == {"gay", "old"}  # tall people are no group that is looked for
    gay = next(areas for areas in result.subgroups if areas.group == "gay")
    assert (gay.rows, gay.positives, gay.source) == (24, 12, "people.csv")
    assert gay.teacher.bpsn is not None
    assert 0 <= gay.teacher.bpsn <= 1
    assert "ROC-AUC around groups in people.csv" in markdown(build_document(result))
    pack(folder, workplace / "small")
    assert analyse(load_results(workplace / "small")).subgroups == result.subgroups


def test_a_study_that_has_not_ended_has_no_picked_model(workplace: Path) -> None:
    folder = run_tiny(workplace)
    record = StudyFolder(folder).record()
    assert record.picked == "even", "written down when all runs had been made"
    content = record.model_copy(update={"picked": None}).model_dump_json()
    StudyFolder(folder).record_file.write_text(content, encoding="utf-8")
    with pytest.raises(PotstillError, match=r"none that \[rule\] pick asks for has finished"):
        predict(folder, ["hello"])
    for model in (folder / "ledger").glob("even-*"):
        model.rename(folder / model.name)
    with pytest.raises(PotstillError, match="no arm is picked yet: 9 of 11 runs are there"):
        predict(folder, ["hello"])


def test_what_was_found_stands_until_a_changed_study_has_its_arms(workplace: Path) -> None:
    folder = run_tiny(workplace)
    table = timeless(folder)
    refused = STUDY.format(teacher_epochs="1\nlearning_rate = 1e-9")
    (workplace / "study.toml").write_text(refused, encoding="utf-8")
    with pytest.raises(GateError):
        run_tiny(workplace)
    assert timeless(folder) == table
    write_rows(workplace / "train.csv", 200)
    with pytest.raises(GateError):
        run_tiny(workplace)
    result = analyse(load_results(folder))
    assert [row.arm for row in result.rows][3:] == ["teacher"], "other rows have other results"
    summary = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**summary, "test_fingerprint": "another"}))
    with pytest.raises(PotstillError, match="not of the same rows"):
        load_results(folder)


def test_a_failed_arm_is_recorded_and_the_rest_go_on(workplace: Path) -> None:
    text = (workplace / "study.toml").read_text().replace("[arms.lora]", "[arms.nan]\nkind='lora'\nlearning_rate=1e30\n"
        "target_modules=['query']\n[arms.lora]")  # fmt: skip
    (workplace / "study.toml").write_text(text)
    result = analyse(load_results(run_tiny(workplace)))
    by_name = {row.arm: row for row in result.rows}
    assert set(by_name["nan"].failures) == {"seed 0", "seed 1"}
    assert by_name["lora"].seeds == [0, 1]
    assert "seed 0: failed: " in markdown(build_document(result))


def test_a_fine_tuned_teacher_is_taken_as_it_is(workplace: Path) -> None:
    folder = run_tiny(workplace)
    teacher = next((folder / "ledger").glob("teacher-s0-*"))
    text = (workplace / "study.toml").read_text().replace('encoder = "encoder"', f'model = "{teacher}/model"')
    text = text.replace('name = "tiny"', 'name = "given"').replace('kind = "lora"', 'kind = "lora"\ninit = "teacher"')
    (workplace / "given.toml").write_text(text)
    result = analyse(load_results(run_tiny(workplace, "given.toml")))
    first = analyse(load_results(folder))
    given, made = (next(row for row in r.rows if row.arm == "teacher") for r in (result, first))
    assert given.figures["pr_auc"] == made.figures["pr_auc"]
    assert given.figures["trainable_parameters"].mean == 0


def test_a_search_tries_each_rate_and_shows_what_it_found(workplace: Path) -> None:
    text = (workplace / "study.toml").read_text().replace("epochs = 8", "epochs = 8\nlearning_rate = 3e-3")
    (workplace / "study.toml").write_text(text + "[search]\nlearning_rates = [1e-8, 3e-3]\nrows = 60\n")
    result = analyse(load_results(run_tiny(workplace)))
    assert [(trial.family, trial.learning_rate) for trial in result.rate_trials] == [
        ("student", 1e-8), ("student", 3e-3), ("lora", 1e-8), ("lora", 3e-3)
    ]  # fmt: skip
    chosen = {trial.family: trial.learning_rate for trial in result.rate_trials if trial.chosen}
    assert {row.arm: row.learning_rate for row in result.rows}["even"] == chosen["student"]


def test_a_search_takes_the_rate_that_did_best_on_validation(workplace: Path) -> None:
    text = (workplace / "study.toml").read_text().replace("epochs = 8", "epochs = 8\nlearning_rate = 3e-3")
    rates = "[search]\nlearning_rates = [1e-3, 0.3]\nrows = 60\n[training]"
    text = text.partition("[arms.lora]")[0].replace("[training]", rates)
    (workplace / "study.toml").write_text(text)
    result = analyse(load_results(run_tiny(workplace)))
    reached = {trial.learning_rate: trial.validation_pr_auc or 0.0 for trial in result.rate_trials}
    assert [trial.learning_rate for trial in result.rate_trials if trial.chosen] == [0.001]
    assert reached[0.001] > reached[0.3]


def test_a_search_all_of_whose_rates_fail_says_so(workplace: Path) -> None:
    text = (workplace / "study.toml").read_text().replace("epochs = 8", "epochs = 8\nlearning_rate = 3e-3")
    (workplace / "study.toml").write_text(text + "[search]\nlearning_rates = [1e30]\nrows = 60\n")
    with pytest.raises(StudyError, match=r"no learning rate of \[1e\+30\] led anywhere for student: .*not finite"):
        run_tiny(workplace)


def test_a_run_killed_three_times_ends_in_the_table_of_an_uninterrupted_one(workplace: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "potstill", "run", "study.toml", "--runs"]
    subprocess.run([*command, "whole"], cwd=workplace, check=True, capture_output=True)
    whole, folder = len(ledger_of(workplace / "whole" / "tiny")), workplace / "cut" / "tiny"
    for finished in (2, 5, 8):
        cut = subprocess.Popen([*command, "cut"], cwd=workplace, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while cut.poll() is None and len(ledger_of(folder)) < finished:
            time.sleep(0.01)
        cut.send_signal(signal.SIGKILL)
        cut.wait()
        assert finished <= len(ledger_of(folder)) < whole, "it was cut off in the middle"
    subprocess.run([*command, "cut"], cwd=workplace, check=True, capture_output=True)
    assert timeless(workplace / "cut" / "tiny") == timeless(workplace / "whole" / "tiny")
    assert not list((workplace / "cut" / "tiny" / "ledger").glob(".partial*"))
