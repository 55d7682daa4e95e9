"""Bundles whose hashes are right and whose files never come to an end."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from bundles import TinyBundle, reseal
from onnx import TensorProto, helper, numpy_helper

ENGINE = "onnx-fp32"
FOREVER = 10**15


def copy_of(bundle: TinyBundle, folder: Path) -> Path:
    """The bundle once more, with one engine."""
    copy = Path(shutil.copytree(bundle.folder, folder))
    for engine in copy.glob("*-*"):
        if engine.name != ENGINE:
            shutil.rmtree(engine)
    info = json.loads((copy / "bundle.json").read_text())
    info["engines"] = {ENGINE: info["engines"][ENGINE]}
    (copy / "bundle.json").write_text(json.dumps(info))
    reseal(copy)
    return copy


def with_endless_engine(bundle: TinyBundle, folder: Path, *, token: int | None = None) -> Path:
    """An engine that counts for days: whatever it is asked, or where this token is in a row."""
    copy = copy_of(bundle, folder)
    path = copy / ENGINE / "model.onnx"
    model = onnx.load(path)
    path.write_bytes(_endless(model, token).SerializeToString())
    reseal(copy)
    return copy


def with_growing_tokenizer(bundle: TinyBundle, folder: Path) -> Path:
    """A tokenizer that makes a million million letters of one."""
    copy = copy_of(bundle, folder)
    path = copy / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    more = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 10}
    tokenizer["normalizer"] = {"type": "Sequence", "normalizers": [more] * 12}
    path.write_text(json.dumps(tokenizer))
    reseal(copy)
    return copy


def with_probes(bundle: TinyBundle, folder: Path, count: int) -> Path:
    """So many probes."""
    copy = copy_of(bundle, folder)
    info = json.loads((copy / "bundle.json").read_text())
    info["probes"] = {"texts": ["a text"] * count, "logits": [[0.0, 0.0]] * count}
    (copy / "bundle.json").write_text(json.dumps(info))
    reseal(copy)
    return copy


def _endless(model: onnx.ModelProto, token: int | None) -> onnx.ModelProto:
    graph = model.graph
    given, given_type = graph.output[0].name, TensorProto.FLOAT
    scalar = [helper.make_tensor_value_info(name, kind, []) for name, kind in (
        ("loop_at", TensorProto.INT64), ("loop_goes_on", TensorProto.BOOL), ("loop_sum", TensorProto.FLOAT),
    )]  # fmt: skip
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["loop_goes_on"], ["loop_on"]),
            helper.make_node("Add", ["loop_sum", "loop_step"], ["loop_more"]),
        ],
        "count", scalar,
        [
            helper.make_tensor_value_info("loop_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("loop_more", TensorProto.FLOAT, []),
        ],
        [numpy_helper.from_array(np.array(0, dtype=np.float32), "loop_step")],
    )  # fmt: skip
    for node in graph.node:
        for at, name in enumerate(node.output):
            if name == given:
                node.output[at] = "bare_logits"
    constants = {
        "token": np.int64(-1 if token is None else token), "times": np.int64(FOREVER), "none": np.int64(0),
        "on": np.array(True), "zero": np.float32(0),
    }  # fmt: skip
    graph.initializer.extend(numpy_helper.from_array(np.array(value), name) for name, value in constants.items())
    graph.node.extend([
        helper.make_node("Equal", [graph.input[0].name, "token"], ["is_token"]),
        helper.make_node("Cast", ["is_token"], ["matches"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["matches"], ["matched"], keepdims=0),
        helper.make_node("Mul", ["matched", "times"], ["rounds_if"]),
        helper.make_node("Add", ["rounds_if", "times" if token is None else "none"], ["rounds"]),
        helper.make_node("Loop", ["rounds", "on", "zero"], ["counted"], body=body),
        helper.make_node("Add", ["bare_logits", "counted"], [given]),
    ])  # fmt: skip
    assert graph.output[0].type.tensor_type.elem_type == given_type
    return model
