"""Whether an engine repeats a bundle's probes on this processor."""

import json
import logging
import os
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

from potstill.domain.errors import ModelError, in_short
from potstill.domain.predictor import probabilities
from potstill.inference.engine import NEEDS, EngineName
from potstill.inference.info import BundleInfo
from potstill.inference.machine import cpu_kind
from potstill.inference.text_model import TextModel

log = logging.getLogger(__name__)

PROBE_SLACK = 0.02
"""How far a probe's probability may move on this processor beyond twice what it did where the bundle was made."""


def check_probes(model: TextModel, info: BundleInfo, name: EngineName, digest: str) -> None:
    """Compare the probes' probabilities on the engine `name` with the fp32 model's; once for each bundle (`digest`),
    engine, version and processor.

    Raises:
        ModelError: the engine fails on the probes, or its answers are wrong.
    """
    identity = [digest, name, version(NEEDS[name]), cpu_kind()]
    passed = _Passed(sha256(json.dumps(identity).encode()).hexdigest())
    if passed.is_noted():
        return
    temperature, probes = info.calibration.temperature, info.probes
    largest = model.reader.largest_id()
    try:
        model.of_rows([[largest, largest]])
    except Exception as error:  # of all texts that a tokenizer can make, the one that an engine may not know
        raise ModelError(
            f"it does not know the token {largest} of tokenizer.json, and would fail on a text that has it: export the "
            "model again"
        ) from error
    try:
        answered = probabilities(model(probes.texts)[0], info.task, temperature)
        wanted = probabilities(np.array(probes.logits, dtype=np.float32), info.task, temperature)
    except Exception as error:  # whatever a library makes of files that are whole and wrong
        raise ModelError(f"it does not answer the bundle's probes: {in_short(error)}") from error
    worst = float(np.abs(wanted - answered).max())
    # Said this way round, because a comparison with NaN is never true.
    if not worst <= PROBE_SLACK + 2 * info.engines[name].checks.probe_difference:
        raise ModelError(f"its answers to the bundle's probes are wrong by up to {worst:.2f} on this processor")
    passed.note()


class _Passed:
    """A note in the cache that an engine was right. Where no cache can be had, the probes are asked every time."""

    def __init__(self, name: str) -> None:
        self._name = name

    def is_noted(self) -> bool:
        try:
            return self._path().is_file()
        except (OSError, RuntimeError):  # RuntimeError: a user without a home
            return False

    def note(self) -> None:
        try:
            self._path().parent.mkdir(parents=True, exist_ok=True)
            self._path().touch()
        except (OSError, RuntimeError) as error:
            log.info("the probes' result is not kept: %s", error)

    def _path(self) -> Path:
        cache = os.environ.get("POTSTILL_CACHE")
        return (Path(cache) if cache else Path.home() / ".cache" / "potstill") / "probes" / self._name
