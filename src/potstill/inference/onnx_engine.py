"""onnxruntime."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from potstill.domain.errors import ModelError
from potstill.domain.predictor import Logits

# In a serialised ONNX file a tensor that lies outside it names its file under the key "location". Our own files have
# no such word anywhere; a file that has it could make the runtime read any path.
_EXTERNAL = b"location"


class OnnxEngine:
    """A session on the CPU. Raises ModelError for a file that does not open or that points outside itself."""

    def __init__(self, path: Path, threads: int) -> None:
        content = path.read_bytes()
        if _EXTERNAL in content:
            raise ModelError(f"{path} refers to data outside itself; an export of potstill never does")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no public base
            raise ModelError(f"{path} does not open in onnxruntime: {error}") from error

    def __call__(self, ids: NDArray[np.int64]) -> Logits:
        """Logits, (rows, labels), of ids, (rows, length)."""
        return np.asarray(self._session.run(["logits"], {"input_ids": ids})[0], dtype=np.float32)
