"""The commands as functions, by the same names: what a notebook or a script of yours imports.

from potstill.api import plan, predict, report, run

print(run("tickets.toml").answer)
print(predict("runs/tickets", ["Thanks, that solved it."]))
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from potstill.data.loading import Source, load_dataset
from potstill.data.pilot import PILOT
from potstill.domain.errors import PotstillError
from potstill.domain.predictor import Prediction
from potstill.export.build import ExportSettings, Origin, export_bundle
from potstill.export.checks import DEFAULT_TOLERANCE, CheckRows, Tolerance
from potstill.inference.engine import ENGINES, EngineName
from potstill.inference.info import BundleInfo
from potstill.inference.reading import LongText
from potstill.ledger.ledger import read_record
from potstill.models.predictor import TorchPredictor, decision_of, open_model_folder, open_predictor
from potstill.report.figures import Report, picked_model, work_out
from potstill.report.pack import pack as pack_study
from potstill.report.results import load_results
from potstill.study.estimate import PlannedArm, estimate
from potstill.study.execute import run_study
from potstill.study.materials import rows_of, rows_of_study
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
    return estimate(opened, *rows_of(opened, root), root)


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


def pack(folder: str | Path, out: str | Path) -> int:
    """Write a study's results into a folder small enough to commit; its size in bytes. `report` reads it.

    Raises:
        PotstillError: the folder is no study's, or `out` exists.
    """
    return pack_study(Path(folder), Path(out))


def predict(model: str | Path, texts: Sequence[str]) -> list[Prediction]:
    """What a saved model says about each text. To ask it again and again, keep what `open_model` returns.

    Raises:
        PotstillError: there is no such model.
    """
    return open_model(model).predict(texts)


def open_model(model: str | Path) -> TorchPredictor:
    """A saved model: its folder, a study's folder (its picked arm), a run's folder in a ledger, or a Hub id.

    Raises:
        PotstillError: there is no such model, or its head is random.
    """
    is_study = (Path(model) / "study.json").is_file()
    return open_predictor(str(picked_model(Path(model)) if is_study else model))


def export(
    model: str | Path,
    out: str | Path | None = None,
    *,
    arm: str | None = None,
    engines: Sequence[EngineName] = ENGINES,
    long: LongText = "windows",
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    max_length: int | None = None,
    say: Callable[[str], None] = print,
) -> BundleInfo:
    """Write the bundle `out` from a saved model or from an arm of a study (default: the picked one, as `bundle` in the
    study's folder; another as `bundle-ARM`).

    A study's engines are checked on its validation rows. A model by itself brings none: its engines are checked on the
    built-in corpus, for decisions only.

    Raises:
        PotstillError: there is no such model, `out` exists, or no engine stayed within the tolerance.
    """
    folder = Path(model)
    is_study = (folder / "study.json").is_file()
    place = bundle_place(model, out, arm)
    source = picked_model(folder, arm) if is_study else folder
    data = rows_of_study(folder) if is_study else load_dataset(Source(PILOT), None, None)
    opened, classifier = open_model_folder(str(source) if is_study else str(model))
    decision = decision_of(opened, classifier, max_length)
    if decision.waived:
        raise PotstillError(f"{opened} is not exported: its study waived {', '.join(decision.waived)} to make it")
    rows = CheckRows(list(data.validation.texts), data.validation.labels if is_study else None, data.validation.weights)
    origin = _origin(opened) if is_study else Origin(name=Path(model).name, description=f"{model} as a bundle")
    settings = ExportSettings(engines, long, tolerance)
    return export_bundle(classifier, decision, origin, rows, place, settings=settings, say=say)


def bundle_place(model: str | Path, out: str | Path | None = None, arm: str | None = None) -> Path:
    """Where `export` writes the bundle of a model or a study.

    Raises:
        PotstillError: no folder is named for a model without a study, or an arm of it.
    """
    is_study = (Path(model) / "study.json").is_file()
    if out is None and not is_study:
        raise PotstillError(f"name the bundle's folder with -o: {model} is no study, which has a place for it")
    if arm and not is_study:
        raise PotstillError(f"{model} is no study: it has no arms")
    return Path(out) if out is not None else Path(model) / (f"bundle-{arm}" if arm else "bundle")


def _origin(model: Path) -> Origin:
    """What the run in whose folder the model lies says about it."""
    record = read_record(model.parent)
    layers = str(record.layers) if record.layers else ""
    description = record.description or record.arm
    measured = {"validation": record.validation, "test": record.test}
    measures = {split: one for split, one in measured.items() if one}
    return Origin(record.arm, description, layers, measures, {"digest": record.digest, **record.provenance})


def _path(study: str | Path | None) -> Path | None:
    return None if study is None else Path(study)
