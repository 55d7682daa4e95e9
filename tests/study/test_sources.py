"""Whole studies whose rows come from elsewhere than one CSV of one label: Parquet, six labels at a time, the Hub."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest
from hub_server import COMMIT, serving_hub
from rich.console import Console
from server import running_server
from tiny import comments, tiny_encoder

from potstill import export, pack, run
from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.inference.bundle import open_bundle, read_info
from potstill.report.document import build_document
from potstill.report.notes import threshold_text
from potstill.report.render.markdown import markdown

QUIET = Console(file=io.StringIO())
JIGSAW = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
STUDY = """
name = "{name}"
seeds = [0, 1]
controls = "none"
[data]
{data}
[teacher]
encoder = "{encoder}"
epochs = 16
[training]
epochs = 6
batch_size = 16
learning_rate = 3e-3
max_length = 24
precision = "fp32"
[arms.last]
kind = "student"
keep = "last"
[arms.lora]
kind = "lora"
target_modules = ["query", "value"]
[gates.waive]
weak_teacher = "a few rows of invented words"
"""
SIX = f'train = "{{file}}"\ntext = "comment_text"\nid = "id"\nlabels = {json.dumps(JIGSAW)}'


def write_six_labels(path: Path, rows: int = 600) -> None:
    """Comments as Jigsaw's: a column for each of six labels, most rows with none."""
    texts, toxic = comments(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "comment_text", *JIGSAW])
        for number, (text, is_toxic) in enumerate(zip(texts, toxic, strict=True)):
            words = text.split()
            obscene, threat, insult = (int(word in words) for word in ("bad", "patch", "you"))
            marks = [is_toxic, is_toxic & obscene, obscene, threat, insult, int("is" in words and "the" in words)]
            writer.writerow([f"{number:06x}", text, *marks])


def write_study(folder: Path, name: str, data: str, encoder: str = "encoder") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(STUDY.format(name=name, data=data, encoder=encoder), encoding="utf-8")
    return path


def table_of(folder: Path) -> str:
    """The tables without what the clock says, without the study's name and where the rows came from."""
    page = build_document(analyse(load_results(folder)), timed=False)
    return "\n".join(line for line in markdown(page).splitlines()[1:] if "rows =" not in line)


@pytest.fixture(scope="module")
def six_labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished study of six labels at a time."""
    folder = tmp_path_factory.mktemp("six")
    tiny_encoder(folder / "encoder", layers=2)
    write_six_labels(folder / "train.csv")
    run(write_study(folder, "six", SIX.format(file="train.csv")), runs=folder / "runs", console=QUIET)
    return folder


@pytest.fixture(scope="module")
def six_bundle(six_labels: Path) -> Path:
    """That study's bundle, of one engine."""
    bundle = six_labels / "runs" / "six" / "bundle"
    export(six_labels / "runs" / "six", bundle, engines=["onnx-fp32"], console=QUIET)
    return bundle


def test_six_labels_at_a_time_from_the_file_to_the_report(six_labels: Path) -> None:
    result = analyse(load_results(six_labels / "runs" / "six"))
    by_name = {row.arm: row for row in result.rows}
    assert by_name["teacher"].figures["pr_auc"].mean > 2 * by_name["majority"].figures["pr_auc"].mean
    assert by_name["last"].figures["pr_auc"].mean > 1.5 * by_name["majority"].figures["pr_auc"].mean
    assert by_name["last"].figures["training_loss"].mean > 0
    assert result.picked == "last"
    titles = [table.title for table in build_document(result).tables]
    for label in JIGSAW:
        assert f'Label "{label}" on test, at the fitted threshold' in titles
        assert by_name["lora"].figures[f"pr_auc {label}"].mean > 0
    assert "insult 0." in threshold_text(by_name["teacher"])
    size = pack(six_labels / "runs" / "six", six_labels / "packed")
    assert size < 300_000
    assert "teacher" in table_of(six_labels / "packed")


def test_a_bundle_of_six_labels_names_all_that_a_text_carries(six_labels: Path, six_bundle: Path) -> None:
    info = read_info(six_bundle)
    assert (info.task.problem, len(info.calibration.thresholds)) == ("multilabel", 6)
    texts = comments(40)[0]
    predictions = [each for each in open_bundle(six_bundle).predict(texts) if each]
    for prediction in predictions:
        cuts = zip(JIGSAW, prediction.shares, info.calibration.thresholds, strict=True)
        assert prediction.labels == tuple(label for label, share, threshold in cuts if share >= threshold.value)
    assert len({prediction.labels for prediction in predictions}) > 2
    out = six_labels / "scored.csv"
    how = ["-o", str(out), "--bundle", str(six_bundle), "--text", "comment_text"]
    done = potstill(six_labels, "score", "train.csv", *how)
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as file:
        scored = list(csv.DictReader(file))
    assert len(scored) == 600
    assert list(scored[0])[-10:] == ["label", "score", "flagged", "truncated", *(f"score_{label}" for label in JIGSAW)]
    assert {row["flagged"] for row in scored if row["label"] == "none"} == {"false"}
    assert {row["flagged"] for row in scored if row["label"] != "none"} == {"true"}
    assert [row["label"] for row in scored[:40]] == [prediction.label for prediction in predictions]
    assert all(float(row["score"]) == max(float(row[f"score_{label}"]) for label in JIGSAW) for row in scored)


def test_a_server_of_six_labels_answers_every_protocol_by_label(six_bundle: Path) -> None:
    text = "you are a bad fool"
    with running_server(six_bundle) as server:
        (answer,) = server.post("/score", {"texts": [text]}).json["results"]
        (moderated,) = server.post("/v1/moderations", {"input": text}).json["results"]
        carried = {label for label, is_carried in moderated["categories"].items() if is_carried}
        assert set(moderated["categories"]) == set(JIGSAW)
        assert (answer["label"], answer["flagged"]) == (
            ", ".join(x for x in JIGSAW if x in carried) or "none",
            bool(carried),
        )
        asked = {"comment": {"text": text}, "requestedAttributes": {"INSULT": {}, "SEVERE_TOXIC": {}}}
        scores = server.post("/v1alpha1/comments:analyze", asked).json["attributeScores"]
        insult = scores["INSULT"]["summaryScore"]["value"]
        assert insult == pytest.approx(moderated["category_scores"]["insult"], abs=1e-6)
        predicted = server.post("/predict", {"inputs": text}).json
        assert predicted[0]["score"] == pytest.approx(answer["score"])
        explained = server.post("/explain", {"text": text}).json
        assert explained["label"] == predicted[0]["label"]
        assert server.send("GET", "/models").json["models"][0]["multilabel"]


def test_the_same_rows_as_parquet_give_the_same_table(six_labels: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(six_labels / "train.csv"), six_labels / "train.parquet")
    study = write_study(six_labels, "parquet", SIX.format(file="train.parquet"))
    run(study, runs=six_labels / "runs", console=QUIET)
    assert table_of(six_labels / "runs" / "parquet") == table_of(six_labels / "runs" / "six")


# --- the Hub


def make_hub(folder: Path) -> None:
    """A hub with one data set in Parquet, three splits, and one encoder."""
    rows = folder / "datasets" / "owner" / "remarks" / "default"
    texts, labels = comments(300)
    for split, part in {"train": slice(0, 160), "validation": slice(160, 220), "test": slice(220, 300)}.items():
        (rows / split).mkdir(parents=True)
        columns = {"id": list(range(300))[part], "comment_text": texts[part], "label": labels[part]}
        pyarrow.parquet.write_table(pyarrow.table(columns), rows / split / "0000.parquet")
    (folder / "models" / "owner").mkdir(parents=True)
    tiny_encoder(folder / "models" / "owner" / "encoder", layers=2)


HUB = "\n".join(
    [
        *(f'{split} = "hub:owner/remarks@refs/convert/parquet"' for split in ("train", "validation", "test")),
        'text = "comment_text"',
        'id = "id"',
        'labels = { 0 = "fine", 1 = "toxic" }',
    ]
)


def potstill(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: the Hub's clients read their settings when they are imported."""
    own = {"HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", **environment}
    command = [sys.executable, "-m", "potstill", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env={**os.environ, **own})


def test_a_study_whose_rows_and_encoder_come_from_a_hub(tmp_path: Path) -> None:
    make_hub(tmp_path / "hub")
    write_study(tmp_path, "hubbed", HUB, encoder="owner/encoder")
    with serving_hub(tmp_path / "hub") as (endpoint, asked):
        done = potstill(tmp_path, "run", "hubbed.toml", HF_ENDPOINT=endpoint)
        assert done.returncode == 0, done.stderr
        assert any(line.endswith("default/train/0000.parquet") for line in asked)
        assert any(line.endswith("encoder/resolve/" + COMMIT + "/model.safetensors") for line in asked)
    result = analyse(load_results(tmp_path / "runs" / "hubbed"))
    assert result.test_rows == 80
    assert result.account[0].startswith("train: hub:owner/remarks@refs/convert/parquet: 160 rows = 160 used")
    again = potstill(tmp_path, "run", "hubbed.toml", HF_HUB_OFFLINE="1", HF_ENDPOINT=endpoint)
    assert again.returncode == 0, "what was fetched is enough: " + again.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hub:owner/remarks@refs/convert/parquet#tests", "the split tests cannot be fetched"),
        ("hub:owner/nothing", "cannot be fetched from the Hub"),
        ("hub:owner", "write hub:OWNER/NAME"),
    ],
)
def test_what_the_hub_does_not_have_is_said(tmp_path: Path, name: str, said: str) -> None:
    make_hub(tmp_path / "hub")
    write_study(tmp_path, "hubbed", HUB.replace("hub:owner/remarks@refs/convert/parquet", name, 1))
    with serving_hub(tmp_path / "hub") as (endpoint, _):
        done = potstill(tmp_path, "plan", "hubbed.toml", HF_ENDPOINT=endpoint)
    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
