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
from potstill.domain.predictor import Answer, Logits, answers, probabilities
from potstill.inference.engine import NEEDS, EngineName, open_engine
from potstill.inference.info import BundleInfo
from potstill.inference.machine import available_threads, cpu_flags, cpu_model
from potstill.inference.manifest import INFO, MANIFEST, TOKENIZER, check_manifest
from potstill.inference.reading import Reader
from potstill.inference.text_model import TOKEN_BUDGET, TextModel

log = logging.getLogger(__name__)

PROBE_SLACK = 0.02
"""How far a probe's probability may move on this processor beyond twice what it did where the bundle was made."""
_BF16 = ("amx_bf16", "avx512_bf16")
_INT8 = ("amx_int8", "avx512_vnni", "avx_vnni")


class BundlePredictor:
    """An opened bundle: calling it gives logits, `answer` gives verdicts."""

    def __init__(self, info: BundleInfo, model: TextModel, engine_name: EngineName, digest: str) -> None:
        self.info, self.digest = info, digest
        self.engine_name: EngineName = engine_name
        self._model = model

    @property
    def labels(self) -> Sequence[str]:
        """The label names in the order of the logits."""
        return self.info.task.labels

    def __call__(self, texts: Sequence[str]) -> Logits:
        """Logits of the texts, (n, labels) float32."""
        return self._model(texts)[0]

    def read(self, texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        """Logits of the texts, and for each whether a part of it was left unread (only where `long` is "truncate")."""
        logits, long = self._model(texts)
        return logits, [one and self.info.long == "truncate" for one in long]

    def answer(self, texts: Sequence[str]) -> list[Answer]:
        """The verdict on each text."""
        return answers(texts, self(texts), self.info.calibration, self.info.task)


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
    digest = check_manifest(folder, expect_sha256)
    info = read_info(folder)
    reader = Reader(folder / TOKENIZER, max_length=info.max_length, long=info.long)
    count = threads or available_threads()
    reasons: list[str] = []
    names: list[EngineName] = [engine] if engine else by_speed(info)
    for name in names:
        try:
            opened = _open_one(folder, info, reader, name, digest, count)
        except ModelError as error:
            reasons.append(f"{name}: {error}")
            log.warning("engine %s is not used: %s", name, error)
            continue
        return opened
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
    """The bundle's own description. Raises ModelError for one that is damaged or of another normalisation."""
    try:
        info = BundleInfo.model_validate_json((folder / INFO).read_bytes())
    except ValidationError as error:
        raise ModelError(f"{folder / INFO} is damaged: {error}") from error
    if info.normalise != NORMALISE_VERSION:
        raise ModelError(f"{folder} was made with normalisation {info.normalise}; this version has {NORMALISE_VERSION}")
    return info


def by_speed(info: BundleInfo) -> list[EngineName]:
    """The bundle's engines whose library is installed, fastest first.

    By what was measured on this processor, where it was; else by what the processor can do: bf16 and int8 pay only
    where it has instructions for them.
    """
    there: list[EngineName] = [name for name in info.engines if find_spec(NEEDS[name])]
    model = cpu_model()
    if all(model in info.engines[name].comments_per_second for name in there):
        return sorted(there, key=lambda name: -info.engines[name].comments_per_second[model])
    return sorted(there, key=_rank)


def _rank(name: EngineName) -> int:
    flags = cpu_flags()
    quick = _BF16 if name.endswith("bf16") else _INT8 if name.endswith("8") else ()
    order: list[EngineName] = ["openvino-int8", "openvino-bf16", "onnx-w8", "onnx-fp32", "onnx-int8"]
    slow = bool(quick) and not any(flag in flags for flag in quick)
    return order.index(name) + len(order) * slow


def _open_one(
    folder: Path, info: BundleInfo, reader: Reader, name: EngineName, digest: str, threads: int
) -> BundlePredictor:
    if name not in info.engines:
        raise ModelError(f"the bundle has no engine {name}; it has {', '.join(info.engines)}")
    engine = open_engine(name, folder / name, threads=threads)
    budget = TOKEN_BUDGET if info.engines[name].may_batch else 1
    opened = BundlePredictor(info, TextModel(reader, engine, info.task, token_budget=budget), name, digest)
    _prove(opened)
    return opened


def _prove(predictor: BundlePredictor) -> None:
    """Compare the probes' probabilities with the fp32 model's; once for each bundle, engine, version and processor."""
    info = predictor.info
    identity = [predictor.digest, predictor.engine_name, version(NEEDS[predictor.engine_name]), cpu_model()]
    proof = _cache_folder() / "probes" / sha256(json.dumps([*identity, sorted(cpu_flags())]).encode()).hexdigest()
    if proof.is_file():
        return
    wanted = probabilities(np.array(info.probes.logits, dtype=np.float32), info.calibration.temperature)
    found = probabilities(predictor(info.probes.texts), info.calibration.temperature)
    worst = float(np.abs(wanted - found).max(initial=0.0))
    if worst > PROBE_SLACK + 2 * info.engines[predictor.engine_name].checks.probe_difference:
        raise ModelError(f"its answers to the bundle's probes are wrong by up to {worst:.2f} on this processor")
    try:
        proof.parent.mkdir(parents=True, exist_ok=True)
        proof.touch()
    except OSError as error:
        log.info("the probes' result is not kept: %s", error)


def _cache_folder() -> Path:
    return Path(os.environ.get("POTSTILL_CACHE") or Path.home() / ".cache" / "potstill")
