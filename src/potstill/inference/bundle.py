"""Opening a bundle: checked, on the fastest engine that this processor computes rightly, without torch."""

import logging
from collections.abc import Sequence
from html import escape
from pathlib import Path

from potstill.domain.errors import ModelError
from potstill.domain.language import LanguageMode
from potstill.domain.predictor import Logits, Predictions, predictions
from potstill.domain.study_folder import StudyFolder
from potstill.inference.engine import NEEDS, EngineName, open_engine
from potstill.inference.engine_order import by_speed
from potstill.inference.info import BundleInfo, parse_info
from potstill.inference.languages import LanguageCheck
from potstill.inference.machine import available_threads
from potstill.inference.manifest import INFO, MANIFEST, TOKENIZER, CheckedFiles, check_manifest, what_it_is
from potstill.inference.probes import check_probes
from potstill.inference.reading import Reader
from potstill.inference.side_by_side import side_by_side
from potstill.inference.staleness import why_stale
from potstill.inference.text_model import TextModel

log = logging.getLogger(__name__)


class BundlePredictor:
    """An opened bundle: calling it gives logits, `predict` gives predictions."""

    def __init__(
        self, info: BundleInfo, model: TextModel, engine_name: EngineName, digest: str, languages: LanguageCheck
    ) -> None:
        self.info, self.digest = info, digest
        self.engine_name: EngineName = engine_name
        self.model = model
        self.languages = languages
        """Tells texts in other languages than the bundle's; what becomes of them is for whoever asks to decide."""

    @property
    def labels(self) -> Sequence[str]:
        """The label names in the order of the logits."""
        return self.info.task.labels

    def __call__(self, texts: Sequence[str]) -> Logits:
        """Logits of the texts, (n, labels) float32."""
        return self.model(texts)[0]

    def read(self, texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        """Logits of the texts, and for each whether a part of it was left unread (only where `long` is "truncate")."""
        logits, long = self.model(texts)
        return logits, self.unread(long)

    def blank(self, texts: Sequence[str]) -> list[bool]:
        """For each text: whether nothing of it can be read."""
        return self.model.reader.blank(texts)

    def unread(self, long: Sequence[bool]) -> list[bool]:
        """For each text, of which it is known whether it is longer than a window, whether a part was left unread."""
        return [is_long and self.info.long == "truncate" for is_long in long]

    def predict(self, texts: Sequence[str]) -> Predictions:
        """The prediction for each text; None for a text of which nothing can be read."""
        read = self.model.reader.read(texts)
        logits = self.model.of_texts(read, self.model.of_rows(read.rows))
        predicted = predictions(logits, self.info.calibration, self.info.task)
        answers = (None if blank else each for each, blank in zip(predicted, read.blank, strict=True))
        return Predictions(texts, answers, self.labels)

    def _repr_html_(self) -> str:
        return f"<div>{escape(f'{self.info.name}, opened on {self.engine_name}')}</div>{self.info.to_html()}"


def open_bundle(
    folder: str | Path,
    *,
    engine: EngineName | None = None,
    threads: int | None = None,
    expect_sha256: str | None = None,
    languages: LanguageMode = "warn",
) -> BundlePredictor:
    """Open a bundle on `engine`, or on the fastest one for this processor that repeats the bundle's probes.

    One that lies in the folder of a study which has run since is opened with a warning.

    Raises:
        ModelError: the bundle is changed or damaged, is not the expected one, no engine of it works here, or texts are
            to be checked for their language strictly and cannot be.
    """
    folder = Path(folder)
    files = check_manifest(folder, expect_sha256)
    info = parse_info(files.read(INFO), folder / INFO)
    if stale := why_stale(folder):
        log.warning("%s", stale)
    reader = Reader(files.read(TOKENIZER), max_length=info.max_length, long=info.long, blank=info.blank)
    count = threads or available_threads()
    check = LanguageCheck(info.languages, languages)
    reasons: list[str] = []
    names: list[EngineName] = [engine] if engine else by_speed(info)
    for name in names:
        try:
            return _open_one(files, info, reader, name, count, check)
        except ModelError as error:
            reasons.append(f"{name}: {error}")
            log.warning("engine %s is not used: %s", name, error)
    if not engine:
        missing: list[EngineName] = [name for name in info.engines if name not in names]
        reasons += [f"{name} needs {NEEDS[name]}, which is not installed" for name in missing]
    raise ModelError(f"no engine of {folder} works here: {'; '.join(reasons) or 'it holds none'}")


def is_bundle(folder: str | Path) -> bool:
    """Whether a folder says that it is a bundle; opening it may still refuse."""
    return (Path(folder) / INFO).is_file() or (Path(folder) / MANIFEST).is_file()


def newest_bundle(runs: Path) -> Path:
    """The bundle that was exported last from a study in `runs`. Raises ModelError where there is none."""
    infos = [StudyFolder(study).bundle() / INFO for study in runs.glob("*")]
    infos = sorted((info for info in infos if info.is_file()), key=lambda info: info.stat().st_mtime)
    if not infos:
        raise ModelError(f"no study in {runs} has a bundle yet: `potstill export {runs}/NAME` makes one")
    return infos[-1].parent


def read_info(folder: Path) -> BundleInfo:
    """The bundle's own description, its hash not checked.

    Raises:
        ModelError: it is damaged, of a later format or of another normalisation.
    """
    try:
        return parse_info((folder / INFO).read_bytes(), folder / INFO)
    except OSError as error:
        raise ModelError(what_it_is(folder) or f"{folder / INFO} cannot be read: {error.strerror}") from error


def _open_one(
    files: CheckedFiles, info: BundleInfo, reader: Reader, name: EngineName, threads: int, languages: LanguageCheck
) -> BundlePredictor:
    if name not in info.engines:
        raise ModelError(f"the bundle has no engine {name}; it has {', '.join(info.engines)}")
    engine = open_engine(name, files.read, threads=threads)
    model = TextModel(reader, engine, info.task)
    if not info.engines[name].may_batch:
        model = model.alone()
    check_probes(model, info, name, files.digest)
    model.several = side_by_side(name, files.read, threads)  # not before the probes: they would open it
    return BundlePredictor(info, model, name, files.digest, languages)
