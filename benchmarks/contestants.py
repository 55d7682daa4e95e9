"""Everything that answers the same texts with the same model: what people use otherwise, and potstill's engines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerFast, pipeline

from potstill.domain.normalise import normalise
from potstill.domain.task import Task
from potstill.export import onnx_files, openvino_files
from potstill.inference.engine import ENGINES, EngineName, files_in, open_engine
from potstill.inference.machine import available_threads
from potstill.inference.openvino_quietly import openvino
from potstill.inference.reading import Reader
from potstill.inference.side_by_side import side_by_side
from potstill.inference.text_model import TextModel
from potstill.models.packed import PackedBert
from potstill.training.loop import uses_bf16

BATCH = 32
"""Comments that a padded batch holds."""

Answering = Callable[[Sequence[str]], object]


@dataclass(frozen=True)
class Contestant:
    """One way to answer. `padded`: it takes batches of 32 as they come, so its speed does not depend on how many
    comments there are, and a part of them tells it."""

    answer: Answering
    padded: bool = False


@dataclass(frozen=True)
class ModelUnderTest:
    """One model as every contestant has it, cutting comments to `length` tokens."""

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    folder: Path
    length: int = 128

    def reader(self) -> Reader:
        """The shop's own way from text to token ids."""
        path = self.folder / "tokenizer.json"
        self.tokenizer.backend_tokenizer.save(str(path))
        return Reader(path.read_bytes(), max_length=self.length, long="truncate")


def random_field(subject: ModelUnderTest) -> dict[str, Contestant]:
    """Everyone, for a model with random weights."""
    field = {
        "pipeline": Contestant(pipeline_answer(subject), padded=True),
        "onnxruntime, plain": Contestant(_in_batches(subject, _plain_onnx(subject)), padded=True),
        "OpenVINO, plain": Contestant(_in_batches(subject, _plain_openvino(subject)), padded=True),
        "lab: torch packed fp32": Contestant(packed_answer(subject, torch.float32)),
    }
    if uses_bf16("auto"):  # emulated it takes many times as long as fp32
        field["lab: torch packed bf16"] = Contestant(packed_answer(subject, torch.bfloat16))
    return field | {f"shop: {name}": Contestant(shop_engine(subject, name)) for name in ENGINES}


def pipeline_answer(subject: ModelUnderTest) -> Answering:
    """`transformers.pipeline`, batches of 32 in the order given."""
    asked: Any = pipeline("text-classification", model=subject.model, tokenizer=subject.tokenizer, device=-1)
    return lambda texts: asked(list(texts), batch_size=BATCH, truncation=True, max_length=subject.length)


def packed_answer(subject: ModelUnderTest, dtype: torch.dtype) -> Answering:
    """The lab's torch engine."""
    packed, reader = PackedBert(subject.model, dtype), subject.reader()
    return lambda texts: packed(reader.read(texts).rows)


def shop_engine(subject: ModelUnderTest, name: EngineName) -> TextModel:
    """An engine as a bundle has it, without a bundle's checks: random weights would not pass them."""
    fp32, folder = subject.folder / "onnx-fp32" / "model.onnx", subject.folder / name
    reader = subject.reader()
    if not fp32.is_file():
        onnx_files.write_fp32(subject.model, fp32, max_length=subject.length)
    if not folder.is_dir():
        rows = reader.read([normalise(f"word {n} and more of them") for n in range(300)]).rows
        match name:
            case "onnx-fp32":
                pass
            case "onnx-int8":
                onnx_files.write_int8(fp32, folder / "model.onnx")
            case "onnx-w8":
                onnx_files.write_w8(fp32, folder / "model.onnx")
            case "openvino-bf16":
                openvino_files.write_bf16(fp32, folder / "model.xml")
            case "openvino-int8":
                openvino_files.write_int8(fp32, folder / "model.xml", rows)
    threads, read = available_threads(), files_in(subject.folder)
    model = TextModel(reader, open_engine(name, read, threads=threads), Task(labels=("no", "yes"), positive="yes"))
    model.several = side_by_side(name, read, threads)
    # Its scale belongs to the whole batch: every trained model's bundle so far gives it one text at a time.
    return model.alone() if name == "onnx-int8" else model


def _plain_file(subject: ModelUnderTest) -> Path:
    """The model as guides export it: ids and mask, free shape."""
    path = subject.folder / "plain.onnx"
    if path.is_file():
        return path

    class Masked(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = subject.model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    sides = {0: torch.export.Dim("rows"), 1: torch.export.Dim("length", max=subject.length)}
    example = torch.ones(2, 8, dtype=torch.long)
    exporter: Any = torch.onnx
    exporter.export(
        Masked(), (example, example), path, dynamo=True, verbose=False, external_data=False,
        dynamic_shapes={"input_ids": sides, "attention_mask": sides},
        input_names=["input_ids", "attention_mask"], output_names=["logits"],
    )  # fmt: skip
    return path


def _plain_onnx(subject: ModelUnderTest) -> Callable[[dict[str, NDArray[np.int64]]], object]:
    opening: Any = onnxruntime
    session = opening.InferenceSession(_plain_file(subject), providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, inputs)


def _plain_openvino(subject: ModelUnderTest) -> Callable[[dict[str, NDArray[np.int64]]], object]:
    compiled = openvino.Core().compile_model(_plain_file(subject), "CPU")
    return lambda inputs: compiled(inputs)


def _in_batches(subject: ModelUnderTest, run: Callable[[dict[str, NDArray[np.int64]]], object]) -> Answering:
    """Padded batches in the order given, as the pipeline makes them."""

    def answer(texts: Sequence[str]) -> None:
        for start in range(0, len(texts), BATCH):
            some = list(texts[start : start + BATCH])
            encoded = subject.tokenizer(
                some, truncation=True, max_length=subject.length, padding=True, return_tensors="np"
            )
            run({name: encoded[name] for name in ("input_ids", "attention_mask")})

    return answer
