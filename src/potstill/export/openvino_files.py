"""An ONNX file as OpenVINO's own format, as it is or with int8 weights and activations."""

import contextlib
import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from potstill.inference.openvino_quietly import openvino  # isort: skip  (before nncf)
import nncf  # pyright: ignore[reportMissingTypeStubs]

_nncf: Any = nncf
"""It comes without types."""

CALIBRATION_ROWS = 300
"""Validation rows that the int8 scales are found on; nncf's own default."""


def write_bf16(fp32: Path, path: Path) -> None:
    """The model with its weights stored as fp16; it is computed in bf16 where the processor has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    openvino.save_model(openvino.Core().read_model(fp32), path, compress_to_fp16=True)


def write_int8(fp32: Path, path: Path, rows: Sequence[Sequence[int]]) -> None:
    """int8 matrix products with fixed scales, calibrated on token ids of real rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen = [np.array([row], dtype=np.int64) for row in rows[:CALIBRATION_ROWS]]
    _nncf.set_log_level(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()):  # its bars, which would be drawn over ours
        quantised = _nncf.quantize(
            openvino.Core().read_model(fp32), _nncf.Dataset(chosen), model_type=_nncf.ModelType.TRANSFORMER,
            subset_size=len(chosen),
        )  # fmt: skip
    openvino.save_model(quantised, path, compress_to_fp16=True)
