"""How fast engines are on this machine, beside what people use otherwise, in interleaved rounds.

    python benchmarks/inference.py --work FOLDER [--study runs/NAME] [--counts mini=1024 b6=1024 b12=1024]

The models are MiniLM's shape (mini), BERT-base's (b12) and its six-layer half (b6), with random weights: their speed is
real, their answers mean nothing. With `--study`, then the same for a study: its teacher in `transformers.pipeline`
against the bundle that was exported from it, with the quality of both on the test split.

The comments are drawn by length from a real file. Every measurement is a line of FOLDER/measured.jsonl, and a run that
was stopped continues after the last round. Both pages are printed as Markdown.
"""

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import cast

import numpy as np
import torch
from ceilings import ceilings, operations
from contestants import Answering, Contestant, ModelUnderTest, random_field
from notebook import Notebook
from real_study import open_students, quality_table, student_field
from served import open_tokenizer
from transformers import BertConfig, BertForSequenceClassification, PreTrainedModel

from potstill.data.formats import read_table
from potstill.inference.machine import available_threads, cpu_kind
from potstill.models.classifier import quiet_transformers
from potstill.models.encoder import find_encoder

STRATA = 16
Shape = tuple[int, int, int, int]
"""Width, layers, heads, inner width."""
SHAPES: dict[str, Shape] = {"mini": (384, 6, 12, 1536), "b6": (768, 6, 12, 3072), "b12": (768, 12, 12, 3072)}
COUNTS = {"mini": 1024, "b6": 1024, "b12": 1024, "study": 1024}
ALONE = 64
"""Comments that are answered one at a time."""
PADDED_SHARE = 4
"""Contestants that pad answer every fourth comment."""


def draw_comments(path: Path, column: str, count: int, subject: ModelUnderTest) -> list[str]:
    """`count` comments, as many from each sixteenth of the lengths, shuffled."""
    rows = [row.values[column] for row in read_table(str(path), Path()).rows if not row.fault]
    texts = [text for text in rows if text]
    lengths = [len(ids) for ids in subject.reader().read(texts).rows]
    order = sorted(range(len(texts)), key=lambda row: lengths[row])
    generator = random.Random(0)
    chosen = [
        texts[row]
        for stratum in np.array_split(np.array(order), STRATA)
        for row in generator.sample(cast(list[int], stratum.tolist()), count // STRATA)
    ]
    generator.shuffle(chosen)
    return chosen


def section(name: str, field: dict[str, Contestant], texts: list[str]) -> str:
    """What measurements are kept under: those of other comments, contestants or processors are others."""
    return f"{name}, {len(texts)} comments, {cpu_kind()}: {', '.join(sorted(field))}"


def measure(name: str, field: dict[str, Contestant], texts: list[str], rounds: int, notes: Notebook) -> None:
    """All rounds of a section; within a round everyone has a turn, in a new order."""
    for contestant in field.values():
        contestant.answer(texts[:64])
    for n in range(rounds):
        if not notes.has(model=name, round=n, what="done"):
            _one_round(name, field, texts, n, notes)


def _one_round(name: str, field: dict[str, Contestant], texts: list[str], n: int, notes: Notebook) -> None:
    notes.add(model=name, round=n, what="ceiling", **ceilings())
    for who in random.Random(n).sample(sorted(field), len(field)):
        given = texts[::PADDED_SHARE] if field[who].padded else texts
        started = time.perf_counter()
        field[who].answer(given)
        speed = len(given) / (time.perf_counter() - started)
        alone = median(_seconds(field[who].answer, text) for text in texts[:ALONE])
        notes.add(
            model=name, round=n, what="speed", who=who, comments=len(given), texts_per_second=speed,
            alone_ms=1000 * alone,
        )  # fmt: skip
        print(f"{name}, round {n}, {who}: {speed:.1f} texts/s", file=sys.stderr, flush=True)
    notes.add(model=name, round=n, what="done")


def _seconds(answer: Answering, text: str) -> float:
    started = time.perf_counter()
    answer([text])
    return time.perf_counter() - started


def speed_table(
    name: str, models: dict[str, PreTrainedModel], lengths: Sequence[int], notes: Notebook, base: str
) -> Iterator[str]:
    """Markdown: a row for each contestant, ratios to `base`; `models` says by its first word whose model one runs."""
    lines = [line for line in notes.lines if line["model"] == name]
    tops = [line for line in lines if line["what"] == "ceiling"]
    top = {kind: median(line[kind] for line in tops) for kind in ("fp32", "bf16", "int8") if kind in tops[0]}
    speeds: dict[str, dict[int, dict[str, float]]] = defaultdict(dict)
    for line in (line for line in lines if line["what"] == "speed"):
        speeds[line["who"]][line["round"]] = line
    yield f"| who | texts/s | times {base} | share of the ceiling | one comment, ms | times {base} |"
    yield "|---|---|---|---|---|---|"
    for who in sorted(speeds, key=lambda who: _median(speeds[who], "texts_per_second")):
        rounds, first, kind = speeds[who], speeds[base], _kind(who, top)
        speed = _median(rounds, "texts_per_second")
        each = operations(models.get(who.partition(",")[0], next(iter(models.values()))), lengths) / len(lengths)
        ratios = [line["texts_per_second"] / first[n]["texts_per_second"] for n, line in rounds.items()]
        quicker = [first[n]["alone_ms"] / line["alone_ms"] for n, line in rounds.items()]
        yield (
            f"| {who} | {speed:.0f} | {_spread(ratios)} | {speed * each / top[kind]:.0%} of {kind} "
            f"| {_median(rounds, 'alone_ms'):.1f} | {_spread(quicker)} |"
        )
    yield "\nCeiling: one large matrix product, in 10^12 operations a second: "
    yield ", ".join(f"{kind} {value / 1e12:.2f}" for kind, value in top.items()) + "."
    each = operations(list(models.values())[-1], lengths) / len(lengths)
    limits = ", ".join(f"{kind} {top[kind] / each / _median(speeds[base], 'texts_per_second'):.1f}" for kind in top)
    yield f"Were everything but the needed products free, an engine would be so many times as fast as {base}: {limits}."


def _median(rounds: dict[int, dict[str, float]], key: str) -> float:
    return median(line[key] for line in rounds.values())


def _spread(ratios: list[float]) -> str:
    return f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"


def _kind(who: str, top: dict[str, float]) -> str:
    """The ceiling that a contestant stands under. What is called bf16 is computed in fp32 where there is no bf16."""
    kind = "int8" if who.endswith("8") else "bf16" if who.endswith("bf16") else "fp32"
    return kind if kind in top else "fp32"


def random_model(shape: Shape) -> PreTrainedModel:
    """A BERT of this shape with random weights."""
    width, layers, heads, inner = shape
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    config = BertConfig(hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=inner)
    return BertForSequenceClassification(config).eval()


def measure_shapes(arguments: argparse.Namespace, counts: dict[str, int], notes: Notebook) -> Iterator[str]:
    """The models with random weights, one after the other; a table each."""
    tokenizer = open_tokenizer(find_encoder("minilm"))
    for name, shape in SHAPES.items():
        if name not in arguments.models:
            continue
        subject = ModelUnderTest(name, random_model(shape), tokenizer, arguments.work / name)
        subject.folder.mkdir(exist_ok=True)
        texts = draw_comments(arguments.comments, arguments.column, counts[name], subject)
        field = random_field(subject)
        wanted = {who: it for who, it in field.items() if who == "pipeline" or who in (arguments.who or field)}
        place = section(name, wanted, texts)
        measure(place, wanted, texts, arguments.rounds, notes)
        lengths = [len(row) for row in subject.reader().read(texts).rows]
        yield f"\n### {name}, {len(texts):,} comments\n"
        yield from speed_table(place, {"": subject.model}, lengths, notes, "pipeline")


def measure_study(arguments: argparse.Namespace, counts: dict[str, int], notes: Notebook) -> Iterator[str]:
    """A study's teacher and its student's bundle: speed, then quality."""
    students = open_students(arguments.study, arguments.work / "study")
    texts = draw_comments(arguments.comments, arguments.column, counts["study"], students.teacher)
    field = student_field(students)
    place = section(str(arguments.study.resolve()), field, texts)
    measure(place, field, texts, arguments.rounds, notes)
    lengths = [len(row) for row in students.teacher.reader().read(texts).rows]
    models = {"teacher": students.teacher.model, "student": students.student.model}
    yield f"\n### {arguments.study.name}, {len(texts):,} comments\n"
    yield from speed_table(place, models, lengths, notes, "teacher, pipeline")
    yield from quality_table(students)


def main() -> int:
    """Measure, then print the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="a folder for models and measurements")
    parser.add_argument("--study", type=Path, metavar="runs/NAME", help="a study with a bundle, measured too")
    parser.add_argument("--only-study", action="store_true", help="leave out the models with random weights")
    parser.add_argument("--comments", type=Path, default=Path("../shared/data/wiki_toxic/test.csv.gz"))
    parser.add_argument("--column", default="comment_text")
    parser.add_argument("--counts", nargs="+", default=[], metavar="MODEL=N", help="comments, where not 1024")
    parser.add_argument("--models", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--who", nargs="+", metavar="CONTESTANT", help="only these beside the pipeline")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    quiet_transformers()
    torch.set_num_threads(available_threads())
    counts = COUNTS | {name: int(count) for name, count in (item.split("=") for item in arguments.counts)}
    arguments.work.mkdir(parents=True, exist_ok=True)
    notes = Notebook(arguments.work / "measured.jsonl")
    print(f"{cpu_kind()}, {available_threads()} threads; {arguments.rounds} rounds.")
    if not arguments.only_study:
        print("\n".join(measure_shapes(arguments, counts, notes)))
    if arguments.study:
        print("\n".join(measure_study(arguments, counts, notes)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
