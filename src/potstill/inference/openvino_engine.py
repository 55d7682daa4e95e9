"""OpenVINO."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.domain.errors import ModelError
from potstill.domain.predictor import Logits
from potstill.inference.openvino_quietly import openvino


class OpenVinoEngine:
    """A compiled model on the CPU; what is not int8 is computed in bf16 where the processor has it.

    Raises ModelError for files that do not open.
    """

    def __init__(self, path: Path, threads: int) -> None:
        core = openvino.Core()
        settings = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        try:
            model = core.read_model(path.read_bytes(), path.with_suffix(".bin").read_bytes())
            self._compiled = core.compile_model(model, "CPU", settings)
        except (RuntimeError, OSError) as error:
            raise ModelError(f"{path} does not open in OpenVINO: {error}") from error
        self._request = self._compiled.create_infer_request()

    def __call__(self, ids: NDArray[np.int64]) -> Logits:
        """Logits, (rows, labels), of ids, (rows, length)."""
        return np.array(self._request.infer({0: ids})[0], dtype=np.float32)
