"""How fast engines answer on this machine, beside what people use otherwise, in interleaved rounds.

    python benchmarks/inference.py --work FOLDER [--model NAME=FOLDER ...] [--rounds 5]

Without `--model` the models are MiniLM's shape (mini), BERT-base's (b12) and its six-layer half (b6), with random
weights: their speed is real, their answers mean nothing. The comments are drawn by length from a real file. Every
measurement is a line of FOLDER/measured.jsonl, and a run that was stopped continues after the last round. The summary
is printed as Markdown.
"""

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, cast

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    pipeline,
)

from potstill.data.tables import read_table
from potstill.domain.normalise import normalise
from potstill.domain.task import Task
from potstill.export import onnx_files, openvino_files
from potstill.inference.engine import ENGINES, EngineName, open_engine
from potstill.inference.machine import available_threads, cpu_flags, cpu_model
from potstill.inference.openvino_quietly import openvino
from potstill.inference.reading import Reader
from potstill.inference.text_model import TextModel
from potstill.models.classifier import calm_transformers
from potstill.models.encoder import find_encoder
from potstill.models.packed import PackedBert

LENGTH = 128
"""Tokens that every contestant cuts a comment to."""
BATCH = 32
STRATA = 16
SHAPES = {"mini": (384, 6, 12, 1536), "b6": (768, 6, 12, 3072), "b12": (768, 12, 12, 3072)}
"""Width, layers, heads, inner width."""
ALONE = 64
"""Comments that are answered one at a time."""

Contestant = Callable[[Sequence[str]], object]


@dataclass(frozen=True)
class Bench:
    """One model as every contestant has it."""

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    folder: Path

    def reader(self) -> Reader:
        """The shop's own way from text to token ids."""
        path = self.folder / "tokenizer.json"
        self.tokenizer.backend_tokenizer.save(str(path))
        return Reader(path, max_length=LENGTH, long="truncate")


def contestants(bench: Bench) -> dict[str, Contestant]:
    """Everything that answers batches of texts."""
    asked = pipeline("text-classification", model=bench.model, tokenizer=bench.tokenizer, device=-1)
    found: dict[str, Contestant] = {
        "pipeline": lambda texts: asked(list(texts), batch_size=BATCH, truncation=True, max_length=LENGTH),
        "onnxruntime, plain": _in_batches(bench, _plain_onnx(bench)),
        "OpenVINO, plain": _in_batches(bench, _plain_openvino(bench)),
    }
    for dtype, name in ((torch.float32, "fp32"), (torch.bfloat16, "bf16")):
        packed, reader = PackedBert(bench.model, dtype), bench.reader()
        found[f"lab: torch packed {name}"] = lambda texts, packed=packed, reader=reader: packed(reader.read(texts).rows)
    for name in ENGINES:
        found[f"shop: {name}"] = shop_engine(bench, name)
    return found


def shop_engine(bench: Bench, name: EngineName) -> TextModel:
    """An engine as a bundle has it, without a bundle's checks: random weights would not pass them."""
    fp32, folder = bench.folder / "onnx-fp32" / "model.onnx", bench.folder / name
    reader = bench.reader()
    if not fp32.is_file():
        onnx_files.write_fp32(bench.model, fp32, max_length=LENGTH)
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
    engine = open_engine(name, folder, threads=available_threads())
    return TextModel(reader, engine, Task(labels=("no", "yes"), positive="yes"))


def _plain_file(bench: Bench) -> Path:
    """The model as guides export it: ids and mask, free shape."""
    path = bench.folder / "plain.onnx"
    if path.is_file():
        return path

    class Masked(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = bench.model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    sides = {0: torch.export.Dim("rows"), 1: torch.export.Dim("length", max=LENGTH)}
    example = torch.ones(2, 8, dtype=torch.long)
    torch.onnx.export(
        Masked(), (example, example), path, dynamo=True, verbose=False, external_data=False,
        dynamic_shapes={"input_ids": sides, "attention_mask": sides},
        input_names=["input_ids", "attention_mask"], output_names=["logits"],
    )  # fmt: skip
    return path


def _plain_onnx(bench: Bench) -> Callable[[dict[str, NDArray[np.int64]]], object]:
    session = onnxruntime.InferenceSession(_plain_file(bench), providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, inputs)


def _plain_openvino(bench: Bench) -> Callable[[dict[str, NDArray[np.int64]]], object]:
    compiled = openvino.Core().compile_model(_plain_file(bench), "CPU")
    return lambda inputs: compiled(inputs)


def _in_batches(bench: Bench, run: Callable[[dict[str, NDArray[np.int64]]], object]) -> Contestant:
    """Padded batches in the order given, as the pipeline makes them."""

    def answer(texts: Sequence[str]) -> None:
        for start in range(0, len(texts), BATCH):
            some = list(texts[start : start + BATCH])
            encoded = bench.tokenizer(some, truncation=True, max_length=LENGTH, padding=True, return_tensors="np")
            run({name: encoded[name] for name in ("input_ids", "attention_mask")})

    return answer


def draw_comments(path: Path, column: str, count: int, tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """`count` comments, as many from each sixteenth of the lengths, shuffled."""
    rows = [row.values[column] for row in read_table(str(path), Path()).rows if not row.fault]
    texts = [text for text in rows if text]
    lengths = [len(ids) for ids in tokenizer(texts, truncation=True, max_length=LENGTH)["input_ids"]]
    order = sorted(range(len(texts)), key=lambda row: lengths[row])
    generator = random.Random(0)
    chosen = [
        texts[row]
        for stratum in np.array_split(order, STRATA)
        for row in generator.sample(stratum.tolist(), count // STRATA)
    ]
    generator.shuffle(chosen)
    return chosen


def operations(model: PreTrainedModel, lengths: Sequence[int]) -> float:
    """Multiplications and additions in the matrix products of comments of these lengths, padding not counted."""
    width, inner, layers = (
        int(getattr(model.config, key)) for key in ("hidden_size", "intermediate_size", "num_hidden_layers")
    )
    each = [2 * length * (4 * width * width + 2 * width * inner) + 4 * length * length * width for length in lengths]
    return float(layers * sum(each))


def ceilings() -> dict[str, float]:
    """Operations a second of one large matrix product, 4096 x 768 x 3072, the best of ten: what no engine exceeds."""
    rows, inner, columns = 4096, 768, 3072
    work = 2.0 * rows * inner * columns
    found: dict[str, float] = {}
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        left, right = torch.randn(rows, inner).to(dtype), torch.randn(columns, inner).to(dtype)
        found[name] = work / _quickest(lambda left=left, right=right: torch.nn.functional.linear(left, right))
    session = onnxruntime.InferenceSession(_integer_product(inner, columns), providers=["CPUExecutionProvider"])
    ids = np.random.default_rng(0).integers(0, 255, (rows, inner), dtype=np.uint8)
    found["int8"] = work / _quickest(lambda: session.run(None, {"a": ids}))
    return found


def _integer_product(inner: int, columns: int) -> bytes:
    weights = np.random.default_rng(0).integers(-64, 64, (inner, columns), dtype=np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["c"])], "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [None, inner])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, [None, columns])],
        [helper.make_tensor("b", TensorProto.INT8, weights.shape, weights.tobytes(), raw=True)],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


def _quickest(work: Callable[[], object], times: int = 10) -> float:
    seconds: list[float] = []
    for _ in range(times + 2):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds[2:])


class Notebook:
    """Measurements, a line each, appended as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: list[dict[str, Any]] = []
        if path.is_file():
            self.lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def has(self, **wanted: object) -> bool:
        """Whether a measurement with these values stands here."""
        return any(all(line.get(key) == value for key, value in wanted.items()) for line in self.lines)

    def add(self, **line: object) -> None:
        """Write one down."""
        self.lines.append(line)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def measure(bench: Bench, texts: list[str], rounds: int, notes: Notebook) -> None:
    """All rounds of one model; within a round everyone has a turn, in a new order."""
    if all(notes.has(model=bench.name, round=n, what="done") for n in range(rounds)):
        return
    torch.set_num_threads(available_threads())
    field = contestants(bench)
    for answer in field.values():
        answer(texts[: 2 * BATCH])
    for n in range(rounds):
        if not notes.has(model=bench.name, round=n, what="done"):
            _one_round(bench, field, texts, n, notes)


def _one_round(bench: Bench, field: dict[str, Contestant], texts: list[str], n: int, notes: Notebook) -> None:
    notes.add(model=bench.name, round=n, what="ceiling", **ceilings())
    for name in random.Random(n).sample(sorted(field), len(field)):
        started = time.perf_counter()
        field[name](texts)
        seconds = time.perf_counter() - started
        alone = [_timed(field[name], text) for text in texts[:ALONE]]
        notes.add(
            model=bench.name, round=n, what="speed", who=name, comments_per_second=len(texts) / seconds,
            alone_ms=1000 * median(alone),
        )  # fmt: skip
        print(f"{bench.name}, round {n}, {name}: {len(texts) / seconds:.1f} comments/s", file=sys.stderr, flush=True)
    notes.add(model=bench.name, round=n, what="done")


def _timed(answer: Contestant, text: str) -> float:
    started = time.perf_counter()
    answer([text])
    return time.perf_counter() - started


def summary(benches: Sequence[Bench], texts: list[str], notes: Notebook) -> Iterator[str]:
    """Markdown: a table for each model, and what its matrix products allow."""
    flags = [flag for flag in ("avx2", "avx512_vnni", "avx512_bf16", "amx_bf16") if flag in cpu_flags()]
    yield f"{len(texts):,} comments cut to {LENGTH} tokens; {cpu_model()}, {available_threads()} threads"
    yield f"({', '.join(flags)})."
    for bench in benches:
        lines = [line for line in notes.lines if line["model"] == bench.name]
        tops = [line for line in lines if line["what"] == "ceiling"]
        top = {kind: median(line[kind] for line in tops) for kind in ("fp32", "bf16", "int8")}
        each = operations(bench.model, [len(row) for row in bench.reader().read(texts).rows]) / len(texts)
        yield f"\n### {bench.name}\n"
        yield "| who | comments/s | times the pipeline | share of the ceiling | one comment, ms | times the pipeline |"
        yield "|---|---|---|---|---|---|"
        yield from _rows(lines, {kind: value / each for kind, value in top.items()})
        yield "\nCeiling: the largest matrix product alone, in 10^12 operations a second: "
        yield ", ".join(f"{kind} {value / 1e12:.2f}" for kind, value in top.items()) + "."


def _rows(lines: list[dict[str, Any]], top: dict[str, float]) -> Iterator[str]:
    """A row for each contestant; `top` is the comments a second that the ceiling would allow."""
    speeds: dict[str, dict[int, float]] = defaultdict(dict)
    alone: dict[str, dict[int, float]] = defaultdict(dict)
    for line in (line for line in lines if line["what"] == "speed"):
        speeds[line["who"]][line["round"]] = line["comments_per_second"]
        alone[line["who"]][line["round"]] = line["alone_ms"]
    for who in sorted(speeds, key=lambda who: median(speeds[who].values())):
        speed, wait, kind = median(speeds[who].values()), median(alone[who].values()), _kind(who)
        ratios = _spread([found / speeds["pipeline"][n] for n, found in speeds[who].items()])
        quicker = _spread([alone["pipeline"][n] / found for n, found in alone[who].items()])
        yield f"| {who} | {speed:.0f} | {ratios} | {speed / top[kind]:.0%} of {kind} | {wait:.1f} | {quicker} |"
    limits = ", ".join(f"{kind} {top[kind] / median(speeds['pipeline'].values()):.1f}" for kind in top)
    yield f"\nWere all but matrix products free, an engine could be so many times as fast as the pipeline: {limits}."


def _spread(ratios: list[float]) -> str:
    return f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"


def _kind(who: str) -> str:
    return next((kind for kind in ("bf16", "int8") if who.endswith(kind)), "int8" if who.endswith("w8") else "fp32")


def random_model(shape: str) -> PreTrainedModel:
    """A BERT of this shape with random weights."""
    width, layers, heads, inner = SHAPES[shape]
    torch.manual_seed(0)
    config = BertConfig(hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=inner)
    return BertForSequenceClassification(config).eval()


def main() -> int:
    """Measure, then print the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="a folder for models and measurements")
    parser.add_argument("--model", action="append", metavar="NAME=FOLDER", help="a saved model")
    parser.add_argument("--comments", type=Path, default=Path("../shared/data/wiki_toxic/test.csv.gz"))
    parser.add_argument("--column", default="comment_text")
    parser.add_argument("--count", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    calm_transformers()
    shared = AutoTokenizer.from_pretrained(find_encoder("minilm"))
    named = dict(item.split("=", 1) for item in arguments.model or ())
    texts = draw_comments(arguments.comments, arguments.column, arguments.count, shared)
    arguments.work.mkdir(parents=True, exist_ok=True)
    notes = Notebook(arguments.work / "measured.jsonl")
    benches: list[Bench] = []
    for name in named or SHAPES:
        model = AutoModelForSequenceClassification.from_pretrained(named[name]) if named else random_model(name)
        bench = Bench(name, cast(PreTrainedModel, model.eval()), shared, arguments.work / name)
        bench.folder.mkdir(exist_ok=True)
        measure(bench, texts, arguments.rounds, notes)
        benches.append(bench)
    print("\n".join(summary(benches, texts, notes)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
