"""A folder in which the pages' commands can be run: the study of README with a tiny encoder, and the files it names."""

import csv
import gzip
from pathlib import Path

import pytest
from odd_folders import plain
from pages import ROOT, blocks_of
from study_blocks import completed
from tiny import comments, tiny_classifier, tiny_encoder

TINY = {
    "training": 'batch_size = 16\nlearning_rate = 3e-3\nmax_length = 24\nprecision = "fp32"',
    "gates.waive": 'weak_teacher = "a few rows of invented words"',
    "tune": "trials = 2\nlearning_rate = [1e-3, 1e-1]",
}
"""What makes README's study run in seconds."""


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing has been run in it yet."""
    folder = tmp_path_factory.mktemp("workplace")
    shown = next(block.text for block in blocks_of(ROOT / "README.md") if block.text.startswith("# tickets.toml"))
    study = completed(shown, TINY).replace('encoder = "minilm"', 'encoder = "encoder"\nepochs = 8')
    (folder / "tickets.toml").write_text(study, encoding="utf-8")
    tiny_encoder(folder / "encoder", layers=2)
    plain(folder / "my-model", labels=3)
    texts, labels = comments(240)
    with gzip.open(folder / "tickets.csv.gz", "wt", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("body", "rude"), *zip(texts, labels, strict=True)])
    texts, labels = comments(120, seed=1)
    with (folder / "more.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("body", "rude"), *zip(texts, labels, strict=True)])
    model = tiny_classifier(labels=3)
    model.model.save_pretrained(folder / "my-model")
    model.tokenizer.save_pretrained(folder / "my-model")
    (folder / "comments.csv").write_text("\n".join(["text", *texts]), encoding="utf-8")
    return folder
