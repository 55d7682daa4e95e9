"""A whole study on tiny models, that its tests run."""

import csv
from pathlib import Path

from rich.console import Console
from tiny import comments, tiny_encoder

from potstill.study.progress import Display
from potstill.study.runner import run_study
from potstill.study.study_file import read_study

STUDY = """
name = "tiny"
seeds = [0, 1]
[data]
train = "train.csv"
languages = ["en"]
[teacher]
encoder = "encoder"
epochs = {teacher_epochs}
[training]
epochs = 2
batch_size = 16
learning_rate = 3e-3
max_length = 24
precision = "fp32"
[gates.waive]
weak_teacher = "a few rows of invented words"
[arms.even]
kind = "student"
[arms.lora]
kind = "lora"
target_modules = ["query", "value"]
"""


def write_rows(path: Path, rows: int = 240) -> None:
    """Comments with their labels, as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((text, "toxic" if label else "fine") for text, label in zip(*comments(rows), strict=True))


def run_tiny(workplace: Path, study: str = "study.toml") -> Path:
    """Run the study of a folder; its results' folder."""
    with (workplace / "log.txt").open("a") as log:
        display = Display(Console(file=log, width=200))
        return run_study(read_study(workplace / study), root=workplace, runs=workplace / "runs", display=display)


def finished_study(base: Path) -> Path:
    """A folder with `study.toml`, its rows and its encoder, run into `runs/tiny`; made once below `base`.

    It is shared: what writes into it takes a copy.
    """
    workplace = base / "finished"
    if not workplace.exists():
        tiny_encoder(workplace / "encoder", layers=2)
        write_rows(workplace / "train.csv")
        (workplace / "study.toml").write_text(STUDY.format(teacher_epochs=8), encoding="utf-8")
        run_tiny(workplace)
    return workplace
