"""A classifier as ONNX: full precision, int8, and int8 weights in blocks."""

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn
from transformers import PreTrainedModel

from potstill.export.quantizers_quietly import MatMulNBitsQuantizer, QuantType, quantize_dynamic
from potstill.models.first_token import first_token_only

_torch_onnx: Any = torch.onnx
"""Its types are full of holes."""
BLOCK = 128
"""Weights that share a scale in `w8`: larger is quicker, 32 is hardly more exact."""


class _OneInput(nn.Module):
    """Token ids to logits: rows of one call are equally long, so there is no mask to pass."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Logits, (rows, labels), of ids, (rows, length)."""
        return self.model(input_ids=input_ids).logits


def write_fp32(model: PreTrainedModel, path: Path, *, max_length: int) -> None:
    """`model` as one ONNX file with free batch size and length, weights inside."""
    shapes = {"input_ids": {0: torch.export.Dim("rows", min=1), 1: torch.export.Dim("length", min=2, max=max_length)}}
    example = torch.ones(2, min(8, max_length), dtype=torch.long)
    with _eager_attention(model), _quiet(), first_token_only(model):
        program = _torch_onnx.export(
            _OneInput(model.eval()), (example,), dynamo=True, verbose=False, dynamic_shapes=shapes,
            input_names=["input_ids"], output_names=["logits"],
        )  # fmt: skip
    content: onnx.ModelProto = program.model_proto
    _strip(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.SerializeToString())


@contextmanager
def _eager_attention(model: Any) -> Generator[None]:
    """The exported form of torch's fused attention guards against masks with empty rows, which none has here."""
    before = model.config._attn_implementation or "sdpa"
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def write_int8(fp32: Path, path: Path) -> None:
    """int8 weights by channel, activations rounded with one scale for each call, found while running.

    The weights use seven of the eight bits: processors without int8 dot products (AVX2) add two products in sixteen
    bits, which eight would overflow. What is lost by it on the others is less than what is lost by rounding at all.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _quiet():
        quantize_dynamic(fp32, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def write_w8(fp32: Path, path: Path) -> None:
    """int8 weights in blocks; activations rounded for each row and block, so that no text touches another's answer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _quiet():
        model = onnx.load(fp32)  # pyright: ignore[reportUnknownMemberType]
        quantizer = MatMulNBitsQuantizer(model, bits=8, block_size=BLOCK, is_symmetric=True, accuracy_level=4)
        quantizer.process()
        # The constructor is told a ModelProto and keeps an ONNXModel around it.
        path.write_bytes(quantizer.model.model.SerializeToString())


def _strip(model: onnx.ModelProto) -> None:
    """Take out what the exporter notes for its own developers: source paths and stack traces of this machine."""
    del model.metadata_props[:]
    model.doc_string = ""
    for container in (model.graph, *model.functions):
        del container.metadata_props[:]
        for node in container.node:
            node.doc_string = ""
            del node.metadata_props[:]
    for item in (*model.graph.initializer, *model.graph.value_info, *model.graph.input, *model.graph.output):
        item.doc_string = ""
        del item.metadata_props[:]


@contextmanager
def _quiet() -> Generator[None]:
    """Keep the exporter's and the quantiser's advice for their own developers off the screen."""
    names = ("torch.onnx", "onnxscript", "onnxruntime", "root")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
