"""From a classifier to a bundle: every engine made, measured, checked; what passed is kept."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import JsonValue
from transformers import PreTrainedTokenizerFast

from potstill.domain.errors import ModelError, in_short
from potstill.domain.measures import Measures, ThresholdPoint
from potstill.domain.normalise import normalise
from potstill.domain.predictor import Logits, probabilities
from potstill.evaluation.calibration import threshold_curve
from potstill.export import onnx_files
from potstill.export.card import bundle_card
from potstill.export.checks import DEFAULT_TOLERANCE, CheckRows, Tolerance, check_engine, may_batch, reason_to_refuse
from potstill.export.probes import probe_texts
from potstill.export.short_texts import check_short_texts
from potstill.export.speed import texts_per_second
from potstill.export.torch_engine import PackedTextModel, Reference
from potstill.inference.engine import ENGINES, NEEDS, EngineName, files_in, open_engine
from potstill.inference.info import BundleInfo, EngineChecks, EngineInfo, MadeFrom, Probes, ShortTexts
from potstill.inference.machine import available_threads, cpu_kind
from potstill.inference.manifest import CARD, INFO, TOKENIZER, write_manifest
from potstill.inference.reading import LongText, Reader
from potstill.inference.side_by_side import side_by_side
from potstill.inference.text_model import TextModel
from potstill.ledger.files import folder_aside
from potstill.models.classifier import Classifier, check_vocabulary
from potstill.models.forward import blank_id, encode
from potstill.models.saved import SavedDecision

SPEED_TEXTS = 256


@dataclass(frozen=True)
class Origin:
    """Where a bundle's model comes from, in words and figures for its card."""

    name: str
    description: str
    """What the model is, in a line."""
    layers: str = ""
    measures: dict[str, Measures] = field(default_factory=dict[str, Measures])
    provenance: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    made_from: MadeFrom | None = None


@dataclass(frozen=True)
class ExportSettings:
    """What goes into a bundle: those of `engines` that can be made here and stay within `tolerance`; and what becomes
    of texts longer than a window."""

    engines: Sequence[EngineName] = ENGINES
    long: LongText = "windows"
    tolerance: Tolerance = DEFAULT_TOLERANCE
    languages: Sequence[str] = ()
    """Those of the texts that the model is for; empty where nobody declared them."""


DEFAULT_SETTINGS = ExportSettings()


def export_bundle(
    classifier: Classifier,
    decision: SavedDecision,
    origin: Origin,
    rows: CheckRows,
    out: Path,
    *,
    settings: ExportSettings = DEFAULT_SETTINGS,
    say: Callable[[str], None],
) -> BundleInfo:
    """Write the bundle `out` of a classifier that is decided on by `decision`; its engines are checked on `rows`.

    Raises:
        ModelError: `out` is there already, or no engine passed.
    """
    if out.exists():
        raise ModelError(f"{out} exists; remove it or name another folder with -o")
    check_vocabulary(Path(origin.name), classifier)
    with folder_aside(out) as aside:
        info = _Builder(classifier, decision, origin, rows, aside, settings, say).build()
        write_manifest(aside)
    return info


class _Builder:
    def __init__(
        self, classifier: Classifier, decision: SavedDecision, origin: Origin, rows: CheckRows, folder: Path,
        settings: ExportSettings, say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.classifier, self.decision, self.origin, self.rows = classifier, decision, origin, rows
        self.folder, self.settings, self.say = folder, settings, say
        self.reader = _reader(classifier, decision, folder / TOKENIZER, settings.long)
        self.task = decision.task
        self.reference = TextModel(self.reader, Reference(classifier.model), self.task)
        texts = probe_texts()
        logits = self.reference(texts)[0].astype(np.float64)
        self.probes = Probes(texts=texts, logits=logits.tolist())

    def build(self) -> BundleInfo:
        """Make, check and measure; write what is not the manifest."""
        self.say(f"reading {len(self.rows.texts)} rows with the fp32 model")
        wanted = self.reference(self.rows.texts)[0]
        models: dict[EngineName, TextModel] = {}
        checks: dict[EngineName, EngineChecks] = {}
        refused: dict[str, str] = {}
        for name in self.settings.engines:
            model = self._make(name)
            if isinstance(model, TextModel):
                checks[name] = self._check(model, wanted)
                reason = reason_to_refuse(name, checks[name], self.settings.tolerance)
                if not reason:
                    models[name] = model if may_batch(checks[name]) else model.alone()
                    self.say(f"{name}: {checks[name].flips:.2%} of the rows decided otherwise")
                    continue
            else:
                reason = model
            refused[name] = reason
            self.say(f"{name}: not offered: {reason}")
        for path in self.folder.iterdir():
            if path.is_dir() and path.name not in models:
                shutil.rmtree(path)
        if not models:
            raise ModelError(f"no engine passed: {'; '.join(f'{name}: {why}' for name, why in refused.items())}")
        return self._write(models, checks, refused, self._lab(wanted), self._curve(wanted))

    def _lab(self, wanted: Logits) -> tuple[TextModel, EngineChecks] | None:
        """The lab's torch engine and its checks, to be measured beside the others; None for other families."""
        try:
            model = PackedTextModel(self.reader, self.classifier.model, self.task)
        except ModelError:
            return None
        return model, self._check(model, wanted)

    def _curve(self, wanted: Logits) -> list[ThresholdPoint]:
        threshold, labels = self.decision.calibration.threshold, self.rows.labels
        if threshold is None or labels is None:
            return []
        positive = self.task.positive_index
        scores = probabilities(wanted, self.task, self.decision.calibration.temperature)[:, positive]
        return threshold_curve(scores, labels == positive, self.rows.weights, threshold.value)

    def _short_texts(self) -> ShortTexts | None:
        calibration, languages = self.decision.calibration, self.settings.languages
        return check_short_texts(self.reference, self.task, calibration, languages, self.say)

    def _make(self, name: EngineName) -> TextModel | str:
        """The engine's files, opened; or why there are none."""
        self.say(f"making {name}")
        try:
            self._write_files(name)
            return self._model(name)
        except ModuleNotFoundError as error:
            return f"needs {error.name}: pip install 'potstill[openvino]'" if "openvino" in NEEDS[name] else str(error)
        except ModelError as error:
            return in_short(error, 300)
        except Exception as error:  # what exporters and quantisers make of a family that they were not made for
            return f"{type(error).__name__}: {in_short(error, 300)}"

    def _write_files(self, name: EngineName) -> None:
        fp32, folder = self.folder / "onnx-fp32" / "model.onnx", self.folder / name
        if not fp32.is_file():
            onnx_files.write_fp32(self.classifier.model, fp32, max_length=self.decision.max_length)
        if name == "onnx-int8":
            onnx_files.write_int8(fp32, folder / "model.onnx")
        elif name == "onnx-w8":
            onnx_files.write_w8(fp32, folder / "model.onnx")
        elif name.startswith("openvino"):
            from potstill.export import openvino_files

            if name == "openvino-bf16":
                openvino_files.write_bf16(fp32, folder / "model.xml")
            else:
                openvino_files.write_int8(fp32, folder / "model.xml", self.reader.read(self.rows.texts).rows)

    def _model(self, name: EngineName) -> TextModel:
        threads, read = available_threads(), files_in(self.folder)
        model = TextModel(self.reader, open_engine(name, read, threads=threads), self.task)
        model.several = side_by_side(name, read, threads)
        return model

    def _check(self, model: TextModel, wanted: Logits) -> EngineChecks:
        alone = model.alone()
        return check_engine(
            lambda texts: model(texts)[0], lambda texts: alone(texts)[0], wanted, self.rows, self.probes,
            self.task, self.decision.calibration,
        )  # fmt: skip

    def _write(
        self,
        models: dict[EngineName, TextModel],
        checks: dict[EngineName, EngineChecks],
        refused: dict[str, str],
        lab: tuple[TextModel, EngineChecks] | None,
        curve: list[ThresholdPoint],
    ) -> BundleInfo:
        self.say("measuring the speed of what passed")
        named: dict[str, TextModel] = {**models} | ({"torch": lab[0]} if lab else {})
        speeds = texts_per_second(named, self.rows.texts[:SPEED_TEXTS])
        info = BundleInfo(
            name=self.origin.name, description=self.origin.description, task=self.task,
            calibration=self.decision.calibration, max_length=self.decision.max_length, long=self.settings.long,
            layers=self.origin.layers, refused=refused,
            engines={name: self._engine_info(name, checks[name], speeds[name]) for name in models},
            torch=_engine_info(0, lab[1], speeds["torch"]) if lab else None,
            probes=self.probes, curve=curve, measures=self.origin.measures,
            languages=tuple(self.settings.languages), short_texts=self._short_texts(),
            provenance=self.origin.provenance, made_from=self.origin.made_from,
            blank=blank_id(self.classifier.tokenizer),
        )  # fmt: skip
        (self.folder / INFO).write_text(info.model_dump_json(indent=1), encoding="utf-8")
        (self.folder / CARD).write_text(bundle_card(info), encoding="utf-8")
        return info

    def _engine_info(self, name: EngineName, checks: EngineChecks, speed: float) -> EngineInfo:
        return _engine_info(sum(path.stat().st_size for path in (self.folder / name).iterdir()), checks, speed)


def _reader(classifier: Classifier, decision: SavedDecision, path: Path, long: LongText) -> Reader:
    """The bundle's own reader, whose tokenizer is written to `path`.

    Raises:
        ModelError: the tokenizer has no such file, or reads by it otherwise than the model's own, whose Python code a
            bundle has not.
    """
    tokenizer = classifier.tokenizer
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError(
            f"the tokenizer ({type(tokenizer).__name__}) is written in Python and has no tokenizer.json, which is all "
            "that a bundle has of it: save the model with a fast tokenizer"
        )
    tokenizer.backend_tokenizer.save(str(path))
    reader = Reader(path.read_bytes(), max_length=decision.max_length, long=long, blank=blank_id(tokenizer))
    texts = [normalise(text) for text in probe_texts()]
    read = reader.read(texts)
    for row, owner in zip(read.rows, read.owners, strict=True):
        if not read.long[owner] and row != encode(tokenizer, [texts[owner]], max_length=decision.max_length)[0]:
            raise ModelError(
                f"tokenizer.json by itself reads {in_short(texts[owner], 40)!r} otherwise than the model's tokenizer "
                f"({type(tokenizer).__name__}) does, and a bundle has nothing else: save the tokenizer again"
            )
    return reader


def _engine_info(size: int, checks: EngineChecks, speed: float) -> EngineInfo:
    return EngineInfo(
        bytes=size,
        checks=checks,
        may_batch=may_batch(checks),
        texts_per_second={cpu_kind(): round(speed, 1)},
    )
