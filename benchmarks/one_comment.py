"""How long one comment's matrix products take by themselves in int8, bare and with the rounding they need.

    python benchmarks/one_comment.py FOLDER/b6/onnx-int8/model.onnx

The file is one that `inference.py` made. One comment is bound by its small products, which reach less than the large
one of the ceiling. Bare: integers in, integers out. Rounded: fp32 in, fp32 out, by the operators that onnxruntime fuses
a dynamically quantised layer into. What the model takes beyond them is attention, normalisation and GELU. All are
timed in turns.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from potstill.inference.machine import available_threads

WIDTH, INNER, LAYERS = 768, 3072, 6
STEPS = {
    "query": ("states", WIDTH, WIDTH),
    "key": ("states", WIDTH, WIDTH),
    "value": ("states", WIDTH, WIDTH),
    "project": ("context", WIDTH, WIDTH),
    "widen": ("attended", WIDTH, INNER),
    "narrow": ("widened", INNER, WIDTH),
}
"""What a layer multiplies: its input, and the rows and columns of the weights."""


def products(tokens: int, *, rounded: bool) -> Callable[[], object]:
    """The products of six BERT-base layers on one comment, each with weights of its own, and nothing between them."""
    random = np.random.default_rng(0)
    kind, dtype = (TensorProto.FLOAT, np.float32) if rounded else (TensorProto.UINT8, np.uint8)
    nodes: list[NodeProto] = []
    weights: list[TensorProto] = []
    feed: dict[str, NDArray[Any]] = {}
    for layer in range(LAYERS):
        for step, (source, inner, columns) in STEPS.items():
            # In the last layer the head reads one token: keys and values are of all, the rest of that one alone.
            rows = 1 if layer == LAYERS - 1 and step not in ("key", "value") else tokens
            # An input of their own for each layer: onnxruntime would round what two of them share but once.
            given, name = f"{source}{layer}.{rows}", f"{step}{layer}"
            feed[given] = random.integers(0, 255, (rows, inner)).astype(dtype)
            weights.append(numpy_helper.from_array(random.integers(-64, 64, (inner, columns), dtype=np.int8), name))
            if rounded:
                nodes += _rounded(given, name, columns, weights)
            else:
                nodes.append(helper.make_node("MatMulInteger", [given, name], [f"{name}.out"]))
    inputs = [helper.make_tensor_value_info(name, kind, value.shape) for name, value in feed.items()]
    returned = TensorProto.FLOAT if rounded else TensorProto.INT32
    names = [f"{step}{layer}.out" for layer in range(LAYERS) for step in STEPS]
    outputs = [helper.make_tensor_value_info(name, returned, [None, None]) for name in names]
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = _session(model.SerializeToString())
    return lambda: session.run(None, feed)


def _rounded(given: str, name: str, columns: int, weights: list[TensorProto]) -> list[NodeProto]:
    """A linear layer as `quantize_dynamic` writes it: round the input, multiply, scale back by column, add the bias."""
    scale, bias = np.full(columns, 0.01, dtype=np.float32), np.ones(columns, dtype=np.float32)
    weights += [numpy_helper.from_array(scale, f"{name}.scale"), numpy_helper.from_array(bias, f"{name}.bias")]
    return [
        helper.make_node("DynamicQuantizeLinear", [given], [f"{name}.q", f"{name}.s", f"{name}.z"]),
        helper.make_node("MatMulInteger", [f"{name}.q", name, f"{name}.z"], [f"{name}.sum"]),
        helper.make_node("Cast", [f"{name}.sum"], [f"{name}.float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.s", f"{name}.scale"], [f"{name}.scales"]),
        helper.make_node("Mul", [f"{name}.float", f"{name}.scales"], [f"{name}.product"]),
        helper.make_node("Add", [f"{name}.product", f"{name}.bias"], [f"{name}.out"]),
    ]


def whole(path: Path, tokens: int) -> Callable[[], object]:
    """The model on one comment."""
    session = _session(path.read_bytes())
    ids = np.random.default_rng(0).integers(1000, 20000, (1, tokens))
    return lambda: session.run(["logits"], {"input_ids": ids})


def _session(content: bytes) -> Any:
    runtime: Any = onnxruntime  # it comes without types
    options = runtime.SessionOptions()
    options.intra_op_num_threads = available_threads()
    options.enable_mem_pattern = False
    # The threads of a session spin for a while after a run, and would take the cores from the next one's.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def main() -> int:
    """Print both medians and the share."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=41)
    parser.add_argument("--times", type=int, default=300)
    arguments = parser.parse_args()
    contestants = {
        "bare products": products(arguments.tokens, rounded=False),
        "products with their rounding": products(arguments.tokens, rounded=True),
        "the model": whole(arguments.model, arguments.tokens),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(arguments.times):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    print(f"{arguments.tokens} tokens; share of the model's time: median (deciles)")
    for name, times in seconds.items():
        shares = [part / all_of_it for part, all_of_it in zip(times, seconds["the model"], strict=True)]
        low, high = np.percentile(shares, [10, 90])
        print(f"{name}: {1000 * median(times):.1f} ms, {median(shares):.2f} ({low:.2f} to {high:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
