"""Saved models made into bundles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from rich.console import Console

from potstill.analysis.saved_models import picked_model
from potstill.data.loading import load_dataset
from potstill.data.pilot import PILOT
from potstill.data.source import Source, Sources
from potstill.domain.errors import PotstillError
from potstill.domain.language import language_code
from potstill.domain.read_as import AS_SAVED, ReadAs
from potstill.domain.study_folder import RUN_FILE, StudyFolder
from potstill.export.build import ExportSettings, Origin, export_bundle
from potstill.export.checks import DEFAULT_TOLERANCE, CheckRows, Tolerance
from potstill.inference.engine import ENGINES, EngineName
from potstill.inference.info import BundleInfo, MadeFrom
from potstill.inference.reading import LongText
from potstill.inference.staleness import why_stale
from potstill.ledger.ledger import read_record
from potstill.models.predictor import decision_of, open_model_folder
from potstill.models.saved import SavedDecision
from potstill.study.datasets import rows_of_study
from potstill.study.progress import Display


@dataclass(frozen=True)
class BundleTexts:
    """What texts a bundle reads, and how: whether one that is longer than a window is read in several or cut, and the
    languages that it is for, by ISO 639 (None: as the study declares them)."""

    long: LongText = "windows"
    languages: Sequence[str] | None = None


AS_RECORDED = BundleTexts()


def export(
    model: str | Path,
    out: str | Path | None = None,
    *,
    arm: str | None = None,
    engines: Sequence[EngineName] = ENGINES,
    texts: BundleTexts = AS_RECORDED,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    read_as: ReadAs = AS_SAVED,
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
        texts: what becomes of long texts, and the languages that the bundle is for.
        tolerance: how far an engine's answers may lie from the model's before it is left out.
        read_as: what the model answers and the tokens in a window, where the model folder does not record it.
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
    display = Display(console or Console())
    with display.open():
        settings = ExportSettings(engines, texts.long, tolerance)
        place = Path(out) if out is not None else study.bundle(arm)
        return _export(model, place, arm, settings, texts, read_as, display)


def _export(
    model: str | Path, out: Path, arm: str | None, settings: ExportSettings, texts: BundleTexts, read_as: ReadAs,
    display: Display,
) -> BundleInfo:  # fmt: skip
    """What `export` does, under its bars."""
    study = StudyFolder(model)
    is_study = study.is_study()
    source = picked_model(study.path, arm) if is_study else model
    data = rows_of_study(study.path) if is_study else load_dataset(Sources(Source(PILOT)))
    opened, classifier = open_model_folder(str(source))
    decision = decision_of(opened, classifier, read_as)
    if decision.waived:
        raise PotstillError(f"{opened} is not exported: its study waived {', '.join(decision.waived)} to make it")
    rows = CheckRows(list(data.validation.texts), data.validation.labels if is_study else None, data.validation.weights)
    origin = _origin(opened, study) if is_study else Origin(name=Path(model).name, description=f"{model} as a bundle")
    settings = replace(settings, languages=_languages(texts, study, decision))
    return export_bundle(classifier, decision, origin, rows, out, settings=settings, say=display.say)


def _languages(texts: BundleTexts, study: StudyFolder, decision: SavedDecision) -> tuple[str, ...]:
    """The languages that were asked for, or else those that the study declares, or the model's folder."""
    if texts.languages is None:
        return study.record().languages if study.is_study() else decision.languages
    try:
        return tuple(language_code(code) for code in texts.languages)
    except ValueError as error:
        raise PotstillError(f"languages: {error}") from error


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
