"""How much of an OpenVINO int8 engine's time its matrix products take, and how fast they are, by its own profile.

    python benchmarks/product_share.py FOLDER/b6/openvino-int8 [--rows 8] [--length 128]

FOLDER is that of `inference.py`. Products are what OpenVINO calls FullyConnected, with what it fused into them (GELU,
scaling); the rest is attention, normalisation, sums, transposes and looking up word vectors.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

import numpy as np
from ceilings import ceilings
from inference import SHAPES, Shape

from potstill.inference.machine import available_threads
from potstill.inference.openvino_quietly import openvino

WARM, TURNS = 3, 20


def profile(folder: Path, rows: int, length: int) -> list[dict[str, float]]:
    """Seconds by kind of node, for each of `TURNS` runs of one full batch."""
    core = openvino.Core()
    settings = {"PERF_COUNT": True, "INFERENCE_NUM_THREADS": available_threads(), "INFERENCE_PRECISION_HINT": "bf16"}
    compiled = core.compile_model(core.read_model(folder / "model.xml"), "CPU", {**settings, "NUM_STREAMS": 1})
    request = compiled.create_infer_request()
    ids = np.random.default_rng(0).integers(1000, 20_000, size=(rows, length))
    turns: list[dict[str, float]] = []
    for turn in range(WARM + TURNS):
        request.infer({0: ids})
        spent: defaultdict[str, float] = defaultdict(float)
        for node in request.get_profiling_info():
            spent[node.node_type] += node.real_time.total_seconds()
        if turn >= WARM:
            turns.append(dict(spent))
    return turns


def is_product(kind: str) -> bool:
    """Whether a node multiplies by weights."""
    return kind.startswith("FullyConnected")


def product_operations(shape: Shape, length: int) -> float:
    """Multiplications and additions by weights that a comment of this length cannot do without; see `operations`."""
    width, layers, _, inner = shape
    square, wide = width * width, 2 * width * inner
    return 2.0 * ((layers - 1) * length * (4 * square + wide) + 2 * length * square + 2 * square + wide)


def main() -> int:
    """Print the share, and how much quicker the engine would be were its products at the ceiling or the rest free."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("engines", nargs="+", type=Path, metavar="ENGINE")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--length", type=int, default=128)
    arguments = parser.parse_args()
    for folder in arguments.engines:
        shape, top = SHAPES[folder.parent.name], ceilings()["int8"]
        turns = profile(folder, arguments.rows, arguments.length)
        products = [sum(s for kind, s in turn.items() if is_product(kind)) for turn in turns]
        rest = [sum(turn.values()) - spent for turn, spent in zip(turns, products, strict=True)]
        work = arguments.rows * product_operations(shape, arguments.length)
        spent, left = median(products), median(rest)
        print(
            f"{folder.parent.name}, {arguments.rows} rows of {arguments.length} tokens: products {spent:.4f} s, at "
            f"{work / spent / 1e12:.2f} of {top / 1e12:.2f} * 10^12 operations a second; the rest {left:.4f} s, "
            f"{left / (spent + left):.0%}. With products at the ceiling and the rest as it is "
            f"{(spent + left) / (work / top + left):.2f} times as fast.",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
