"""onnxruntime."""

from typing import Any

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from potstill.domain.errors import ModelError, in_short
from potstill.domain.predictor import Logits

_onnxruntime: Any = onnxruntime
"""It comes without types: what it gives gets one where it leaves this file."""
# In a serialised ONNX file a tensor that lies outside it names its file under the key "location". Our own files have
# no such word anywhere; a file that has it could make the runtime read any path.
_EXTERNAL = b"location"
_ORT_FORMAT = b"ORTM"
"""At byte 4 of onnxruntime's own format, which the search for that word does not cover."""


class OnnxEngine:
    """A session on the CPU, from the bytes of a model; it may be called from any number of threads.

    Raises:
        ModelError: they do not open, point outside themselves, or are not of a classifier of token ids.
    """

    def __init__(self, content: bytes, threads: int, at_once: int = 1) -> None:
        if _EXTERNAL in content:
            raise ModelError("the model refers to data outside itself; an export of potstill never does")
        if content[4:8] == _ORT_FORMAT:
            raise ModelError("the model is not in the ONNX format")
        options = _onnxruntime.SessionOptions()
        options.intra_op_num_threads = max(1, threads // at_once)
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Its threads wait for the next product by spinning. Between two calls that takes a core from whoever asked.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        # A pattern is kept for every shape that ever came, and batches have hundreds: memory for nothing.
        options.enable_mem_pattern = False
        try:
            self._session = _onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no public base
            raise ModelError(f"the model does not open in onnxruntime: {in_short(error)}") from error

    def __call__(self, ids: NDArray[np.int64]) -> Logits:
        """Logits, (rows, labels), of ids, (rows, length)."""
        return np.asarray(self._session.run(["logits"], {"input_ids": ids})[0], dtype=np.float32)
