"""The commands as functions, by the same names: what a notebook or a script of yours imports.

from potstill.api import plan, predict, report, run

print(run("tickets.toml").answer)
print(predict("runs/tickets", ["Thanks, that solved it."]))
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from potstill.report.figures import Report, picked_model, work_out
from potstill.report.results import load_results
from potstill.study.answer import Answer, TorchPredictor, open_predictor
from potstill.study.estimate import PlannedArm, estimate
from potstill.study.execute import run_study
from potstill.study.materials import load_rows
from potstill.study.pilot import open_study
from potstill.study.progress import Display

RUNS = Path("runs")


def plan(study: str | Path | None = None) -> list[PlannedArm]:
    """What a study would run: arms, seeds, layers, parameters, and an estimate of the time. Nothing is spent.

    `study` is a TOML file, or None for the built-in pilot study.

    Raises:
        PotstillError: the file, its data or a layer plan is refused.
    """
    opened, root = open_study(_path(study))
    return estimate(opened, load_rows(opened.data, root), root)


def run(study: str | Path | None = None, *, runs: str | Path = RUNS, console: Console | None = None) -> Report:
    """Run a study, or continue it, in the folder `runs/NAME`; its report. Progress goes to `console`.

    Raises:
        PotstillError: the study, its data or its teacher is refused, or another process has the folder.
    """
    opened, root = open_study(_path(study))
    return report(run_study(opened, root=root, runs=Path(runs), display=Display(console or Console())))


def report(folder: str | Path) -> Report:
    """All figures of a study's folder.

    Raises:
        PotstillError: the folder is no study's, or damaged.
    """
    return work_out(load_results(Path(folder)))


def predict(model: str | Path, texts: Sequence[str]) -> list[Answer]:
    """What a saved model says about each text. To ask it again and again, keep what `open_model` returns.

    Raises:
        PotstillError: there is no such model.
    """
    return open_model(model).answer(texts)


def open_model(model: str | Path) -> TorchPredictor:
    """A saved model: its folder, a study's folder (its picked arm), a run's folder in a ledger, or a Hub id.

    Raises:
        PotstillError: there is no such model, or its head is random.
    """
    is_study = (Path(model) / "study.json").is_file()
    return open_predictor(str(picked_model(Path(model)) if is_study else model))


def _path(study: str | Path | None) -> Path | None:
    return None if study is None else Path(study)
