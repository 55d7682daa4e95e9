"""What runs a model: one callable shape, one file for each library."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from potstill.domain.errors import ModelError
from potstill.domain.predictor import Logits

EngineName = Literal["onnx-fp32", "onnx-int8", "onnx-w8", "openvino-bf16", "openvino-int8"]
"""`int8` has int8 weights and activations, with scales found while running (onnx) or before (openvino); `w8` has int8
weights in blocks, whose activations are rounded row by row."""

ENGINES: tuple[EngineName, ...] = ("onnx-fp32", "onnx-int8", "onnx-w8", "openvino-bf16", "openvino-int8")

FILES: dict[EngineName, tuple[str, ...]] = {
    "onnx-fp32": ("model.onnx",),
    "onnx-int8": ("model.onnx",),
    "onnx-w8": ("model.onnx",),
    "openvino-bf16": ("model.xml", "model.bin"),
    "openvino-int8": ("model.xml", "model.bin"),
}
"""The files of each engine, in a folder of its name: nothing else is ever opened."""

NEEDS: dict[EngineName, str] = {
    "onnx-fp32": "onnxruntime",
    "onnx-int8": "onnxruntime",
    "onnx-w8": "onnxruntime",
    "openvino-bf16": "openvino",
    "openvino-int8": "openvino",
}


def engines_of(names: Sequence[str] | None) -> tuple[EngineName, ...]:
    """The engines of these names, or all.

    Raises:
        ModelError: there is no such engine.
    """
    for name in names or ():
        if name not in ENGINES:
            raise ModelError(f"there is no engine {name}; there are {', '.join(ENGINES)}")
    return ENGINES if names is None else tuple(engine for engine in ENGINES if engine in names)


class Engine(Protocol):
    """A model in memory. Rows of one call have equal length: nothing is padded, so there is no mask.

    It may be called from as many threads at once as it was opened for.
    """

    def __call__(self, ids: NDArray[np.int64]) -> Logits:
        """Logits, (rows, labels) float32, of token ids, (rows, length)."""
        ...


ReadFile = Callable[[str], bytes]
"""A bundle's file by its name, such as `onnx-fp32/model.onnx`."""


def open_engine(name: EngineName, read: ReadFile, *, threads: int, at_once: int = 1) -> Engine:
    """The engine `name` from the files that `read` gives, answering `at_once` calls at a time with `threads` threads
    together.

    Only the library that is asked for is imported: OpenVINO is not always there.

    Raises:
        ModelError: its library is not installed, or the files do not open.
    """
    try:
        match name:
            case "onnx-fp32" | "onnx-int8" | "onnx-w8":
                from potstill.inference.onnx_engine import OnnxEngine

                return OnnxEngine(read(f"{name}/model.onnx"), threads, at_once)
            case "openvino-bf16" | "openvino-int8":
                from potstill.inference.openvino_engine import OpenVinoEngine

                return OpenVinoEngine(read(f"{name}/model.xml"), read(f"{name}/model.bin"), threads, at_once)
    except ModuleNotFoundError as error:
        raise ModelError(f"the engine {name} needs {NEEDS[name]}, which is not installed") from error


def files_in(folder: Path) -> ReadFile:
    """The files of a folder that is trusted: one that was just written."""
    return lambda name: (folder / name).read_bytes()
