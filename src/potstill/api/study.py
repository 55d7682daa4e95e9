"""What trains, and what searches for it: run, tune, layers."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from rich.console import Console

from potstill.analysis.saved_models import picked_model
from potstill.api.places import RUNS, layer_search_folder
from potstill.data.source import Source
from potstill.domain.layer_search import LayerSearch
from potstill.domain.read_as import AS_SAVED, ReadAs
from potstill.domain.study_folder import StudyFolder
from potstill.domain.tuning import Tuning
from potstill.ledger.files import write_file
from potstill.report import charts
from potstill.report.files import write_report
from potstill.report.prose import WordedReport
from potstill.report.render.markdown import markdown
from potstill.report.tables.layers import build_layer_document
from potstill.study.datasets import study_around, texts_trained_on
from potstill.study.pilot import open_study
from potstill.study.progress import Display
from potstill.study.runner import run_study
from potstill.study.tune import tune_study
from potstill.study.which_layers import which_layers


@dataclass(frozen=True)
class TuningResult:
    """What a search over LoRA's settings found, and the file with the winner, which an arm of a study names."""

    tuning: Tuning
    recipe: Path

    def to_frame(self) -> Any:
        """The trials as a pandas DataFrame. Raises ModuleNotFoundError where pandas is not installed."""
        return self.tuning.to_frame()

    def _repr_html_(self) -> str:
        return f"{self.tuning.to_html()}<div>The winner as a recipe: {escape(str(self.recipe))}</div>"


def run(study: str | Path | None = None, *, runs: str | Path = RUNS, console: Console | None = None) -> WordedReport:
    """Run a study, or continue it where it stopped. Its report is written into its folder, as `report` does.

    Args:
        study: a TOML file; None is the built-in pilot study.
        runs: where the study's folder `NAME` lies or is made.
        console: shows the progress; standard output unless given.

    Raises:
        PotstillError: the study, its data or its teacher is refused, or another process has the folder.
    """
    opened, root = open_study(study)
    display = Display(console or Console())
    with display.open():
        report, _ = write_report(run_study(opened, root=root, runs=Path(runs), display=display))
    return report


def tune(study: str | Path, *, runs: str | Path = RUNS, console: Console | None = None) -> TuningResult:
    """Search the settings of a study's LoRA arm, or go on with the search. All trials and the winner are written into
    the study's folder.

    Args:
        study: a TOML file, whose table `[tune]` says what is tried and for how long.
        runs: where the study's folder `NAME` lies or is made.
        console: shows the progress; standard output unless given.

    Raises:
        PotstillError: the study has no LoRA arm, is refused, or another process has the folder.
    """
    opened, root = open_study(study)
    display = Display(console or Console())
    with display.open():
        tuning = tune_study(opened, root=root, runs=Path(runs), display=display)
    return TuningResult(tuning, StudyFolder(Path(runs) / opened.name).tuned_recipe_file)


def layers(
    model: str | Path,
    data: Source | str | Path,
    out: str | Path | None = None,
    *,
    num_layers: int | None = None,
    rows: int = 512,
    read_as: ReadAs = AS_SAVED,
    console: Console | None = None,
) -> LayerSearch:
    """Which layers of a classifier matter: every choice of so many is tried, untrained. What was found is written down
    as `layers-N` with the endings .json, .md and .svg; a search that was cut off goes on.

    Args:
        model: a model folder, a study's folder (its teacher), or a Hub id.
        data: labelled rows that the model was not trained on: a file with the columns `text` and `label`, or a source
            that names its columns.
        out: the folder to write to; `layer_search_folder(model)` unless given.
        num_layers: layers to keep; half unless given.
        rows: how many rows to try on.
        read_as: what the model answers and the tokens of a text, where the model folder does not record it.
        console: shows the progress; standard output unless given.

    Raises:
        PotstillError: there is no such model, its rows cannot be read, or its layers cannot be chosen from.
    """
    study, folder = StudyFolder(model), Path(out) if out is not None else layer_search_folder(model)
    display = Display(console or Console())
    with display.open():
        search = which_layers(
            picked_model(study.path, "teacher") if study.is_study() else model,
            data if isinstance(data, Source) else Source(str(data)),
            num_layers=num_layers, rows=rows, read_as=read_as, trained_on=_trained_on(Path(model)), out=folder,
            display=display,
        )  # fmt: skip
    name = f"layers-{search.num_layers}"
    write_file(folder / f"{name}.md", markdown(build_layer_document(search, str(model))).encode())
    write_file(folder / f"{name}.svg", charts.layer_search(search).encode())
    return search


def _trained_on(model: Path) -> frozenset[str] | None:
    """What a study's teacher, or a model in a study's ledger, was trained on; None for any other model."""
    if StudyFolder(model).is_study():
        return texts_trained_on(model)
    around = study_around(model)
    if around is None:
        return None
    return texts_trained_on(around.path, model.absolute().relative_to(around.ledger).parts[0])
