"""Opening a bundle: checked, on the fastest engine that this processor computes rightly, without torch."""

import json
import logging
import os
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from potstill.domain.errors import ModelError
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.domain.predictor import Logits, Prediction, predictions, probabilities
from potstill.inference.engine import NEEDS, EngineName, open_engine
from potstill.inference.info import BundleInfo
from potstill.inference.machine import available_threads, cpu_flags, cpu_kind
from potstill.inference.manifest import INFO, MANIFEST, TOKENIZER, CheckedFiles, check_manifest
from potstill.inference.reading import Reader
from potstill.inference.side_by_side import side_by_side
from potstill.inference.text_model import TextModel

log = logging.getLogger(__name__)

PROBE_SLACK = 0.02
"""How far a probe's probability may move on this processor beyond twice what it did where the bundle was made."""
_BF16 = frozenset(("amx_bf16", "avx512_bf16"))
_VNNI = frozenset(("amx_int8", "avx512_vnni", "avx_vnni"))


class BundlePredictor:
    """An opened bundle: calling it gives logits, `predict` gives predictions."""

    def __init__(self, info: BundleInfo, model: TextModel, engine_name: EngineName, digest: str) -> None:
        self.info, self.digest = info, digest
        self.engine_name: EngineName = engine_name
        self.model = model

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

    def unread(self, long: Sequence[bool]) -> list[bool]:
        """For each text, of which it is known whether it is longer than a window, whether a part was left unread."""
        return [one and self.info.long == "truncate" for one in long]

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """The prediction for each text."""
        return predictions(self(texts), self.info.calibration, self.info.task)


def open_bundle(
    folder: str | Path,
    *,
    engine: EngineName | None = None,
    threads: int | None = None,
    expect_sha256: str | None = None,
) -> BundlePredictor:
    """Open a bundle on `engine`, or on the fastest one for this processor that repeats the bundle's probes.

    Raises:
        ModelError: the bundle is changed or damaged, is not the expected one, or no engine of it works here.
    """
    folder = Path(folder)
    files = check_manifest(folder, expect_sha256)
    info = _parse_info(files.read(INFO), folder)
    reader = Reader(files.read(TOKENIZER), max_length=info.max_length, long=info.long)
    count = threads or available_threads()
    reasons: list[str] = []
    names: list[EngineName] = [engine] if engine else by_speed(info)
    for name in names:
        try:
            return _open_one(files, info, reader, name, count)
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
    found = sorted(runs.glob(f"*/bundle/{INFO}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise ModelError(f"no study in {runs} has a bundle yet: `potstill export {runs}/NAME` makes one")
    return found[-1].parent


def read_info(folder: Path) -> BundleInfo:
    """The bundle's own description, its hash not checked.

    Raises:
        ModelError: it is damaged or of another normalisation.
    """
    try:
        return _parse_info((folder / INFO).read_bytes(), folder)
    except OSError as error:
        raise ModelError(f"{folder / INFO} cannot be read: {error.strerror}") from error


def _parse_info(content: bytes, folder: Path) -> BundleInfo:
    try:
        info = BundleInfo.model_validate_json(content)
    except ValidationError as error:
        raise ModelError(f"{folder / INFO} is damaged: {error}") from error
    if info.normalise != NORMALISE_VERSION:
        raise ModelError(f"{folder} was made with normalisation {info.normalise}; this version has {NORMALISE_VERSION}")
    return info


def by_speed(info: BundleInfo) -> list[EngineName]:
    """The bundle's engines whose library is installed, fastest first.

    By what was measured on this kind of processor, where it was; else by what its instructions make quick.
    """
    there: list[EngineName] = [name for name in info.engines if find_spec(NEEDS[name])]
    kind = cpu_kind()
    if all(kind in info.engines[name].texts_per_second for name in there):
        return sorted(there, key=lambda name: -info.engines[name].texts_per_second[kind])
    return sorted(there, key=_usual_order().index)


def _usual_order() -> list[EngineName]:
    """Fastest first, as measured on processors with bf16, with int8 products but without bf16, and with neither.

    Without int8 products OpenVINO's int8 is slower than fp32; onnxruntime's is not.
    """
    flags = cpu_flags()
    if flags & _BF16:
        return ["openvino-int8", "openvino-bf16", "onnx-int8", "onnx-w8", "onnx-fp32"]
    if flags & _VNNI:
        return ["openvino-int8", "onnx-int8", "onnx-w8", "openvino-bf16", "onnx-fp32"]
    return ["onnx-int8", "onnx-fp32", "openvino-bf16", "onnx-w8", "openvino-int8"]


def _open_one(files: CheckedFiles, info: BundleInfo, reader: Reader, name: EngineName, threads: int) -> BundlePredictor:
    if name not in info.engines:
        raise ModelError(f"the bundle has no engine {name}; it has {', '.join(info.engines)}")
    engine = open_engine(name, files.read, threads=threads)
    model = TextModel(reader, engine, info.task)
    opened = BundlePredictor(info, model if info.engines[name].may_batch else model.alone(), name, files.digest)
    _prove(opened)
    opened.model.several = side_by_side(name, files.read, threads)  # not before the probes: they would open it
    return opened


def _prove(predictor: BundlePredictor) -> None:
    """Compare the probes' probabilities with the fp32 model's; once for each bundle, engine, version and processor."""
    name = predictor.engine_name
    identity = [predictor.digest, name, version(NEEDS[name]), cpu_kind()]
    proof = _Proof(sha256(json.dumps(identity).encode()).hexdigest())
    if proof.is_there():
        return
    temperature, probes = predictor.info.calibration.temperature, predictor.info.probes
    try:
        found = probabilities(predictor(probes.texts), predictor.info.task, temperature)
        wanted = probabilities(np.array(probes.logits, dtype=np.float32), predictor.info.task, temperature)
    except Exception as error:  # whatever a library makes of files that are whole and wrong
        raise ModelError(f"it does not answer the bundle's probes: {error}") from error
    worst = float(np.abs(wanted - found).max())
    # Said this way round, because a comparison with NaN is never true.
    if not worst <= PROBE_SLACK + 2 * predictor.info.engines[name].checks.probe_difference:
        raise ModelError(f"its answers to the bundle's probes are wrong by up to {worst:.2f} on this processor")
    proof.keep()


class _Proof:
    """A note in the cache that an engine was right. Where no cache can be had, the probes are asked every time."""

    def __init__(self, name: str) -> None:
        self._name = name

    def is_there(self) -> bool:
        try:
            return self._path().is_file()
        except (OSError, RuntimeError):  # RuntimeError: a user without a home
            return False

    def keep(self) -> None:
        try:
            self._path().parent.mkdir(parents=True, exist_ok=True)
            self._path().touch()
        except (OSError, RuntimeError) as error:
            log.info("the probes' result is not kept: %s", error)

    def _path(self) -> Path:
        cache = os.environ.get("POTSTILL_CACHE")
        return (Path(cache) if cache else Path.home() / ".cache" / "potstill") / "probes" / self._name
