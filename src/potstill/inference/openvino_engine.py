"""OpenVINO."""

import re
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potstill.domain.errors import ModelError, in_short
from potstill.domain.predictor import Logits
from potstill.inference.openvino_quietly import openvino

_IR = re.compile(rb"\s*(<\?xml[^>]*\?>)?\s*<net[\s>]")
"""How OpenVINO's own format begins. It opens other formats too, and among them ONNX, which can name any file."""


class OpenVinoEngine:
    """A compiled model on the CPU, from the bytes of its two files; what is not int8 is computed in bf16 where the
    processor has it.

    Raises:
        ModelError: they do not open.
    """

    def __init__(self, graph: bytes, weights: bytes, threads: int, at_once: int = 1) -> None:
        if not _IR.match(graph):
            raise ModelError("the model is not in OpenVINO's own format")
        core = openvino.Core()
        settings = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": at_once}
        try:
            compiled = core.compile_model(core.read_model(graph, weights), "CPU", settings)
        except (RuntimeError, OSError) as error:
            raise ModelError(f"the model does not open in OpenVINO: {in_short(error)}") from error
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(at_once):
            self._idle.put(compiled.create_infer_request())

    def __call__(self, ids: NDArray[np.int64]) -> Logits:
        """Logits, (rows, labels), of ids, (rows, length)."""
        request = self._idle.get()  # a request holds one call's tensors: two threads must not share it
        try:
            return np.array(request.infer({0: ids})[0], dtype=np.float32)
        finally:
            self._idle.put(request)
