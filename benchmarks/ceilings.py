"""What this machine's matrix products allow, so that a share of it can be told."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch.nn import functional
from transformers import PreTrainedModel

from potstill.inference.machine import available_threads
from potstill.training.loop import uses_bf16

ROWS, INNER, COLUMNS = 4096, 768, 3072
"""The product that stands for all: large enough that nothing else counts."""


def operations(model: PreTrainedModel, lengths: Sequence[int]) -> float:
    """Multiplications and additions that texts of these lengths cannot do without: those of the matrix products,
    without padding, and in the last layer without what no head reads (see `models/first_token.py`)."""
    width, inner, layers = (
        int(getattr(model.config, key)) for key in ("hidden_size", "intermediate_size", "num_hidden_layers")
    )
    square, wide = width * width, 2 * width * inner
    whole = [2 * length * (4 * square + wide) + 4 * length * length * width for length in lengths]
    last = [2 * length * 2 * square + 2 * (2 * square + wide) + 4 * length * width for length in lengths]
    return float((layers - 1) * sum(whole) + sum(last))


def ceilings() -> dict[str, float]:
    """Operations a second of one large matrix product, the best of ten, by the quickest library."""
    work = 2.0 * ROWS * INNER * COLUMNS
    left, right = torch.randn(ROWS, INNER), torch.randn(COLUMNS, INNER)
    session = _session(_product(TensorProto.FLOAT, TensorProto.FLOAT, "MatMul", right.T.numpy().copy()))
    floats = left.numpy()
    plain = _quickest(lambda: functional.linear(left, right))
    seconds = {"fp32": min(plain, _quickest(lambda: session.run(None, {"a": floats})))}
    if uses_bf16("auto"):
        half, weights = left.bfloat16(), right.bfloat16()
        seconds["bf16"] = _quickest(lambda: functional.linear(half, weights))
    random = np.random.default_rng(0)
    integers = random.integers(-64, 64, (INNER, COLUMNS), dtype=np.int8)
    small = _session(_product(TensorProto.UINT8, TensorProto.INT32, "MatMulInteger", integers))
    steps = random.integers(0, 255, (ROWS, INNER), dtype=np.uint8)
    seconds["int8"] = _quickest(lambda: small.run(None, {"a": steps}))
    return {kind: work / best for kind, best in seconds.items()}


def _product(left: int, result: int, operator: str, weights: NDArray[Any]) -> bytes:
    graph = helper.make_graph(
        [helper.make_node(operator, ["a", "b"], ["c"])], "product",
        [helper.make_tensor_value_info("a", left, [None, INNER])],
        [helper.make_tensor_value_info("c", result, [None, COLUMNS])],
        [numpy_helper.from_array(weights, "b")],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


def _session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_threads()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _quickest(work: Callable[[], object], times: int = 10) -> float:
    seconds: list[float] = []
    for _ in range(times + 2):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds[2:])
