"""How long the matrix products of one comment take by themselves in int8, against the whole.

    python benchmarks/one_comment.py FOLDER/b6/onnx-int8/model.onnx

The file is one that `inference.py` made. One comment is bound by its small products, which reach less than the large
one of the ceiling. Both are timed in turns.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from potstill.inference.machine import available_threads

WIDTH, INNER, LAYERS = 768, 3072, 6


def products(tokens: int) -> Callable[[], object]:
    """The products of six BERT-base layers on one comment, each with weights of its own, and nothing between them."""
    random = np.random.default_rng(0)
    nodes, weights = [], []
    for layer in range(LAYERS):
        shapes = [(WIDTH, WIDTH)] * 4 + [(WIDTH, INNER), (INNER, WIDTH)]
        for place, (inner, columns) in enumerate(shapes):
            # In the last layer the head reads one token: keys and values are of all, the rest of that one alone.
            rows = "one" if layer == LAYERS - 1 and place not in (1, 2) else "all"
            name = f"w{layer}.{place}"
            weights.append(numpy_helper.from_array(random.integers(-64, 64, (inner, columns), dtype=np.int8), name))
            nodes.append(helper.make_node("MatMulInteger", [f"{rows}{inner}", name], [f"c{layer}.{place}"]))
    inputs = [
        helper.make_tensor_value_info(f"{rows}{inner}", TensorProto.UINT8, [None, inner])
        for rows in ("one", "all")
        for inner in (WIDTH, INNER)
    ]
    outputs = [helper.make_tensor_value_info(node.output[0], TensorProto.INT32, [None, None]) for node in nodes]
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = _session(model.SerializeToString())
    feed = {
        f"{rows}{inner}": random.integers(0, 255, (count, inner), dtype=np.uint8)
        for rows, count in (("one", 1), ("all", tokens))
        for inner in (WIDTH, INNER)
    }
    return lambda: session.run(None, feed)


def whole(path: Path, tokens: int) -> Callable[[], object]:
    """The model on one comment."""
    session = _session(path.read_bytes())
    ids = np.random.default_rng(0).integers(1000, 20000, (1, tokens))
    return lambda: session.run(["logits"], {"input_ids": ids})


def _session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_threads()
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def main() -> int:
    """Print both medians and the share."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=41)
    parser.add_argument("--times", type=int, default=300)
    arguments = parser.parse_args()
    contestants = {"products": products(arguments.tokens), "model": whole(arguments.model, arguments.tokens)}
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(arguments.times):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    found = {name: 1000 * median(times) for name, times in seconds.items()}
    shares = [part / all_of_it for part, all_of_it in zip(seconds["products"], seconds["model"], strict=True)]
    print(
        f"{arguments.tokens} tokens: products alone {found['products']:.1f} ms, the model {found['model']:.1f} ms; "
        f"share {median(shares):.2f} ({np.percentile(shares, 10):.2f} to {np.percentile(shares, 90):.2f}, deciles)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
