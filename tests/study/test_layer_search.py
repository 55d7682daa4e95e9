"""Layers that a study chooses for itself, on rows that it trains nothing on."""

import csv
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tiny import comments, tiny_classifier, tiny_encoder

from potstill import pack, plan, report
from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.domain.dataset import Split
from potstill.domain.errors import StudyError
from potstill.domain.layer_search import LayerSearch
from potstill.domain.record import RunRecord
from potstill.domain.study_folder import StudyFolder
from potstill.domain.task import Task
from potstill.ledger.ledger import Ledger
from potstill.models.classifier import open_encoder
from potstill.models.forward import encode
from potstill.report.document import build_document
from potstill.report.render.markdown import markdown
from potstill.report.tables.layers import build_layer_document
from potstill.study.datasets import hold_out, rows_of
from potstill.study.layer_search import Searcher, search_held
from potstill.study.progress import Display
from potstill.study.runner import run_study
from potstill.study.study_file import read_study
from potstill.study.workspace import Teacher, Workspace

STUDY = """
name = "searching"
seeds = [0]
rule = {{ verdict = false }}
[data]
train = "train.csv"
[teacher]
encoder = "encoder"
epochs = {epochs}
[training]
epochs = 1
batch_size = 16
learning_rate = 3e-3
max_length = 24
precision = "fp32"
[layer_search]
rows = {rows}
[arms.found]
kind = "student"
keep = "search"
num_layers = {size}
[arms.first]
kind = "student"
keep = "first"
num_layers = {size}
"""
TASK = Task(labels=("fine", "toxic"), positive="toxic")


def workplace(folder: Path, *, layers: int, size: int, rows: int, held: int = 40, epochs: int = 8) -> Path:
    tiny_encoder(folder / "encoder", layers=layers)
    with (folder / "train.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((text, "toxic" if label else "fine") for text, label in zip(*comments(rows), strict=True))
    text = STUDY.format(size=size, rows=held, epochs=epochs)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path) -> Path:
    with (folder / "log.txt").open("a") as log:
        display = Display(Console(file=log, width=200))
        return run_study(read_study(folder / "study.toml"), root=folder, runs=folder / "runs", display=display)


def test_a_study_keeps_the_layers_that_answer_most_as_the_teacher(tmp_path: Path) -> None:
    place = workplace(tmp_path, layers=4, size=2, rows=480)
    planned = {arm.arm: arm for arm in plan(place / "study.toml").arms}
    assert planned["found"].layers == "2 of 4, searched"
    assert planned["untrained-found"].layers == "2 of 4, searched"
    assert planned["found"].parameters == planned["first"].parameters
    assert planned["layers"].seconds > 0

    folder = run(place)
    search = LayerSearch.model_validate_json((folder / "layers-2.json").read_text())
    assert (len(search.choices), search.rows, len(search.influence), len(search.without)) == (6, 40, 4, 4)
    assert [choice.kl for choice in search.choices] == sorted(choice.kl for choice in search.choices)
    assert search.rank(search.best.kept) == 1
    results = {arm.name: arm for arm in load_results(folder).arms}
    wanted = f"[{','.join(map(str, search.best.kept))}] of 4"
    assert results["found"].layers == results["untrained-found"].layers == results["finetune-found"].layers == wanted
    assert "held out, to choose layers on" in (place / "log.txt").read_text()
    summary = json.loads((folder / "study.json").read_text())
    assert summary["study"]["arms"]["found"]["keep"] == "search", "the study is written down as it was asked for"

    shown = markdown(build_document(analyse(load_results(folder))))
    assert "6 choices of 2 of 4, on 40 rows held out" in shown
    assert "Each of the teacher's 4 layers by itself" in shown
    assert "Spearman" not in shown, "too few of the choices were distilled"
    pack(folder, tmp_path / "packed")
    assert report(tmp_path / "packed", write=False).layer_searches == [search]

    made = {path: path.stat().st_mtime_ns for path in (folder / "ledger").iterdir() if path.name != ".lock"}
    run(place)
    assert made == {path: path.stat().st_mtime_ns for path in (folder / "ledger").iterdir() if path.name != ".lock"}


def test_the_report_says_what_the_order_before_training_foretold(tmp_path: Path) -> None:
    place = workplace(tmp_path, layers=5, size=2, rows=240)
    study = (place / "study.toml").read_text().replace("seeds = [0]", 'seeds = [0]\ncontrols = "none"')
    every = combinations(range(5), 2)
    arms = [f'[arms.kept-{a}{b}]\nkind = "student"\nkeep = [{a}, {b}]\n' for a, b in every if (a, b) != (0, 1)]
    (place / "study.toml").write_text(study + "\n".join(arms))
    both = report(run(place), write=False).rank_agreement
    assert [agreement.split for agreement in both] == ["test", "validation"]
    for agreement in both:
        assert (agreement.num_layers, agreement.choices) == (2, 10)
        assert -1 <= agreement.low <= agreement.estimate <= agreement.high <= 1
    assert "Over 10 choices of 2 layers" in markdown(
        build_document(analyse(load_results(place / "runs" / "searching")))
    )


def test_rows_that_are_held_out_are_not_trained_on(tmp_path: Path) -> None:
    place = workplace(tmp_path, layers=4, size=2, rows=480)
    data, held = rows_of(read_study(place / "study.toml"), place)
    assert held is not None
    assert (len(held), set(held.texts) & set(data.train.texts)) == (40, set())
    assert data.account.rows["train"] == len(data.train) == 200
    assert sum(data.account.positives["train"]) == 200
    (place / "study.toml").write_text(STUDY.format(size=2, rows=1000, epochs=1), encoding="utf-8")
    _, most = rows_of(read_study(place / "study.toml"), place)
    assert most is not None
    assert len(most) == 60, "a quarter of the training rows at most"


def test_a_group_that_is_most_of_train_is_not_held_out(tmp_path: Path) -> None:
    place = workplace(tmp_path, layers=4, size=2, rows=480)
    data, _ = rows_of(read_study(place / "study.toml"), place)
    sites = ["large" if row < 150 else f"site {row % 10}" for row in range(len(data.train))]
    grouped = replace(data, train=replace(data.train, groups=sites))
    for seed in range(5):
        rest, held = hold_out(grouped, 40, seed)
        assert "large" not in held.groups
        assert 0 < len(held) <= len(data.train) // 4
        assert not set(held.groups) & set(rest.train.groups)
    alone = replace(data, train=replace(data.train, groups=["one"] * len(data.train)))
    with pytest.raises(StudyError, match="each of its 1 groups has more than a quarter"):
        hold_out(alone, 40, 0)


def searcher(folder: Path, layers: int = 4) -> Searcher:
    texts, labels = comments(90)
    teacher = tiny_classifier(layers=layers, seed=2)
    split = Split(texts, texts, np.array(labels), np.ones(90), texts)
    rows = encode(teacher.tokenizer, texts, max_length=24)
    return Searcher(
        teacher.model, rows, split, TASK, ledger=Ledger(folder), name="layers", display=Display(Console(quiet=True))
    )


def test_the_choice_that_leaves_out_nothing_of_weight_is_the_nearest(tmp_path: Path) -> None:
    search = searcher(tmp_path).search(3)
    assert search.best == search.greedy == min(search.without, key=lambda choice: choice.kl)
    assert [choice.kept for choice in search.without] == [(1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2)]
    assert search.named().keys() == {"first", "last", "spread", "greedy", "influence"}
    assert all(choice.kl > 0 for choice in search.choices)
    assert all(len(kept) == 3 for kept in search.named().values())


@pytest.mark.parametrize(("layers", "size", "why"), [(4, 4, "nothing to choose"), (24, 12, "2,704,156 ways")])
def test_a_search_without_a_choice_or_without_an_end_is_refused(
    tmp_path: Path, layers: int, size: int, why: str
) -> None:
    with pytest.raises(StudyError, match=why):
        searcher(tmp_path, layers).search(size)


def test_a_search_that_was_killed_computes_nothing_twice(tmp_path: Path) -> None:
    place = workplace(tmp_path, layers=10, size=5, rows=1440, held=180)
    ledger, pieces = place / "runs" / "searching" / "ledger", "layers-*-5-*.npy"
    with subprocess.Popen([sys.executable, "-m", "potstill", "run", "study.toml"], cwd=place) as running:
        deadline = time.monotonic() + 120
        while not list(ledger.glob(pieces)) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
    before = {path: path.stat().st_mtime_ns for path in ledger.glob("layers-*.npy")}
    there = len(list(ledger.glob(pieces)))
    assert 0 < there < 3, "it was cut off in the middle"
    run(place)
    assert len(list(ledger.glob(pieces))) == 3
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_rows_that_a_given_teacher_may_know_are_not_called_held_out(tmp_path: Path) -> None:
    place = workplace(tmp_path, layers=4, size=2, rows=240)
    tiny = open_encoder(place / "encoder", TASK, seed=0)
    config = tiny.model.config
    config.id2label, config.label2id = {0: "fine", 1: "toxic"}, {"fine": 0, "toxic": 1}
    tiny.model.save_pretrained(place / "given")
    tiny.tokenizer.save_pretrained(place / "given")
    given = 'encoder = "encoder"\nmodel = "given"'
    (place / "study.toml").write_text((place / "study.toml").read_text().replace('encoder = "encoder"', given))
    for known, novelty in ((None, "not known"), ("train", "trained on"), ("elsewhere", "held out")):
        study = read_study(place / "study.toml")
        display = Display(Console(quiet=True))
        space = Workspace.open(study, StudyFolder(place / "runs" / "found"), place, display)
        assert space.held
        texts = {None: None, "train": [*space.held.texts[:7], "more"], "elsewhere": ["other"]}[known]
        space.data = replace(space.data, trained_on=texts)
        logits = np.zeros((1, 2), dtype=np.float32)
        record = RunRecord(arm="teacher", kind="teacher", seed=0, digest="d", status="done")
        (search,) = search_held(space, Teacher(tiny, record, logits, logits, logits), space.held, [2])
        assert (search.novelty, search.trained_on) == (novelty, 7 if known == "train" else 0)
        title = build_layer_document(search, "given").tables[0].title
        assert ("held out" in title) == (novelty == "held out")
