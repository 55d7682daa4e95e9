"""Saved models, opened with torch and made into bundles."""

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from rich.console import Console

from potstill.analysis.results import RUN_FILE
from potstill.analysis.saved_models import picked_model
from potstill.data.loading import load_dataset
from potstill.data.pilot import PILOT
from potstill.data.source import Source, Sources
from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import StudyFolder
from potstill.export.build import ExportSettings, Origin, export_bundle
from potstill.export.checks import DEFAULT_TOLERANCE, CheckRows, Tolerance
from potstill.inference.engine import ENGINES, EngineName
from potstill.inference.info import BundleInfo, MadeFrom
from potstill.inference.reading import LongText
from potstill.inference.staleness import why_stale
from potstill.ledger.ledger import read_record
from potstill.models.predictor import TorchPredictor, decision_of, open_model_folder, open_predictor
from potstill.study.datasets import rows_of_study


def open_model(model: str | Path, arm: str | None = None) -> TorchPredictor:
    """A saved model, to be asked by `predict`, or for logits by a call.

    Args:
        model: its folder, a study's folder (its picked arm), a run's folder in a ledger, or a Hub id.
        arm: of a study, another than the picked one.

    Raises:
        PotstillError: there is no such model, its head is random, or the study has no picked arm.
    """
    study = StudyFolder(model)
    if arm and not study.is_study():
        raise PotstillError(f"{model} is not a study folder: it has no arms")
    return open_predictor(str(picked_model(study.path, arm) if study.is_study() else model))


def export(
    model: str | Path,
    out: str | Path | None = None,
    *,
    arm: str | None = None,
    engines: Sequence[EngineName] = ENGINES,
    long: LongText = "windows",
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    max_length: int | None = None,
    console: Console | None = None,
) -> BundleInfo:
    """Write a bundle, which answers fast and without torch.

    A study's engines are checked on its validation rows. A model by itself brings none: its engines are checked on the
    built-in corpus, for decisions only.

    Args:
        model: a study's folder, a model folder, or a Hub id.
        out: the bundle; a study has a place for it, `StudyFolder(model).bundle(arm)`.
        arm: of a study, another than the picked one.
        engines: those to make; what cannot be made here is left out.
        long: whether a text longer than a window is read in several, or cut.
        tolerance: how far an engine's answers may lie from the model's before it is left out.
        max_length: tokens in a window, where the model folder does not record it.
        console: shows the progress; standard output unless given.

    Raises:
        PotstillError: there is no such model, `out` exists, its study waived a refusal to make it, or no engine stayed
            within the tolerance.
    """
    study = StudyFolder(model)
    is_study = study.is_study()
    if is_study:
        check_free(Path(out) if out is not None else study.bundle(arm))
    if out is None and not is_study:
        raise PotstillError(f"name the bundle's folder with -o: {model} is not a study folder, which has one")
    if arm and not is_study:
        raise PotstillError(f"{model} is not a study folder: it has no arms")
    source = picked_model(study.path, arm) if is_study else model
    data = rows_of_study(study.path) if is_study else load_dataset(Sources(Source(PILOT)))
    opened, classifier = open_model_folder(str(source))
    decision = decision_of(opened, classifier, max_length)
    if decision.waived:
        raise PotstillError(f"{opened} is not exported: its study waived {', '.join(decision.waived)} to make it")
    rows = CheckRows(list(data.validation.texts), data.validation.labels if is_study else None, data.validation.weights)
    origin = _origin(opened, study) if is_study else Origin(name=Path(model).name, description=f"{model} as a bundle")
    say = partial((console or Console()).print, markup=False, highlight=False)
    return export_bundle(
        classifier, decision, origin, rows, Path(out) if out is not None else study.bundle(arm),
        settings=ExportSettings(engines, long, tolerance), say=say,
    )  # fmt: skip


def check_free(out: Path) -> None:
    """Raise PotstillError where a bundle's place is taken, before anything is spent; with what is wrong with what lies
    there."""
    if out.exists():
        stale = why_stale(out)
        taken = f"{stale}; or" if stale else f"{out} exists; remove it or"
        raise PotstillError(f"{taken} name another folder with -o")


def _origin(model: Path, study: StudyFolder) -> Origin:
    """What the run in whose folder the model lies says about it, and what its study had run by now."""
    record, whole = read_record(model.parent), study.record()
    made_from = MadeFrom(
        study=whole.name, arm=record.arm, picked=record.arm == whole.picked, run=record.digest,
        record_sha256=sha256((model.parent / RUN_FILE).read_bytes()).hexdigest(), runs=whole.runs_digest,
    )  # fmt: skip
    layers = str(record.layers) if record.layers else ""
    by_split = {"validation": record.validation, "test": record.test}
    measures = {split: measured for split, measured in by_split.items() if measured}
    return Origin(
        record.arm, record.description or record.arm, layers, measures, {"digest": record.digest, **record.provenance},
        made_from,
    )  # fmt: skip
