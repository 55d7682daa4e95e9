"""How much a server bears on two cores that it shares with its clients, one comment a request.

    python benchmarks/serving.py --work FOLDER [--bundle BUNDLE --model MODEL] [--steady 600] [--flood 60]

Without `--bundle` it is BERT-base's six-layer half with random weights: its speed is real, its answers mean nothing.
Capacity is the highest rate at which every request is answered and 99 of 100 within 250 ms, found by halving, in rounds
in which our server and FastAPI around `transformers.pipeline` take turns, beside the engine and the pipeline without a
server: no server is faster than what it asks. Then 0.7 of ours for ten minutes, and three
times ours for a minute.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from contestants import Answering, ModelUnderTest, pipeline_answer
from inference import SHAPES, random_model
from load import Load, bodies, drive
from served import comments_of, cpu_seconds, open_tokenizer, plain_server, potstill_server, running
from transformers import AutoModelForSequenceClassification

from potstill.domain.measures import Calibration
from potstill.domain.task import Task
from potstill.export.build import ExportSettings, Origin, export_bundle
from potstill.export.checks import CheckRows, Tolerance
from potstill.inference.bundle import open_bundle
from potstill.inference.machine import available_threads
from potstill.models.classifier import Classifier, quiet_transformers
from potstill.models.encoder import find_encoder
from potstill.models.saved import SavedDecision

PORT = 8764
LIMIT = 0.25
"""Seconds within which 99 of 100 must be answered."""
HALVINGS = 5
ANYTHING = Tolerance(1, 1, 1)
MODELS = {"b6": SHAPES["b6"], "hollow": (32, 1, 2, 64)}
"""What is served; `hollow` costs next to nothing, so that what is left is HTTP, tokenising and the client."""


def random_bundle(work: Path, name: str) -> tuple[Path, Path]:
    """A bundle and a model folder of one of `MODELS` with random weights."""
    bundle, folder = work / f"{name}-bundle", work / f"{name}-model"
    if not bundle.is_dir():
        model, tokenizer = random_model(MODELS[name]), open_tokenizer(find_encoder("minilm"))
        model.save_pretrained(folder)  # pyright: ignore[reportUnknownMemberType]
        tokenizer.save_pretrained(folder)
        decision = SavedDecision(
            task=Task(labels=("no", "yes"), positive="yes"), calibration=Calibration(), max_length=128
        )
        rows = CheckRows([f"word {n} and more" for n in range(64)], None, np.ones(64))
        export_bundle(
            Classifier(model, tokenizer), decision, Origin(name, "random weights"), rows, bundle,
            settings=ExportSettings(("onnx-fp32", "onnx-int8"), tolerance=ANYTHING), say=print,
        )  # fmt: skip
    return bundle, folder


def speed(answer: Answering, texts: list[str]) -> float:
    """Texts a second of something that answers without a server."""
    answer(texts[:32])
    started = time.perf_counter()
    answer(texts)
    return len(texts) / (time.perf_counter() - started)


def one_at_a_time(model: Path, work: Path) -> Answering:
    """`transformers.pipeline` as the plain endpoint asks it: a comment a request."""
    opening: Any = AutoModelForSequenceClassification
    answer = pipeline_answer(ModelUnderTest(model.name, opening.from_pretrained(model), open_tokenizer(model), work))
    return lambda texts: [answer([text]) for text in texts]


def capacity(port: int, requests: list[bytes], guess: float, seconds: float) -> float:
    """The highest rate that passes, by halving between nothing and 1.2 times the guess."""
    low, high = 0.0, 1.2 * guess
    for _ in range(HALVINGS):
        rate = (low + high) / 2
        load = asyncio.run(drive(port, requests, rate, seconds))
        passed = load.share(200) == 1 and load.p99() <= LIMIT
        print(f"  {rate:.1f}/s: {load.share(200):.1%} answered, p99 {1000 * load.p99():.0f} ms", file=sys.stderr)
        low, high = (rate, high) if passed else (low, rate)
        time.sleep(1)
    return low


def rounds_of(bundle: Path, model: Path, work: Path, texts: list[str], count: int, seconds: float) -> float:
    """Print a line for each round and the ratios; the median capacity of ours."""
    requests, pipeline = bodies(texts), one_at_a_time(model, work)
    rounds: list[tuple[float, float, float, float]] = []
    for n in range(count):
        alone, asked = speed(open_bundle(bundle), texts), speed(pipeline, texts)
        # Each is searched from what its own engine can do without a server: in steps of the same part of that.
        sides = [(potstill_server(bundle, PORT), "/readyz", alone), (plain_server(model, PORT), "/livez", asked)]
        reached: dict[str, float] = {}
        for command, ready, guess in sides if n % 2 == 0 else reversed(sides):
            with running(command, PORT, ready):
                asyncio.run(drive(PORT, requests, guess / 4, 2))  # both are warm
                reached[ready] = capacity(PORT, requests, guess, seconds)
        ours, plain = reached["/readyz"], reached["/livez"]
        rounds.append((alone, ours, asked, plain))
        print(
            f"round {n}: engine alone {alone:.0f}/s, served {ours:.0f}/s; pipeline alone {asked:.1f}/s, plain endpoint "
            f"{plain:.1f}/s",
            flush=True,
        )
    _ratio("Served over alone", [ours / alone for alone, ours, _, _ in rounds])
    _ratio("Times the plain endpoint", [ours / max(plain, 0.1) for _, ours, _, plain in rounds])
    _ratio("Engine over pipeline, both alone", [alone / asked for alone, _, asked, _ in rounds])
    ours = median(ours for _, ours, _, _ in rounds)
    spent, cores = handling(work, texts, ours), available_threads()
    # Full cores without a moment's idleness, which no server with a limit on its 99th percentile can have.
    limits = [cores / (cores / alone + spent) for alone, _, _, _ in rounds]
    print(f"HTTP, tokenising and the client take {1000 * spent:.2f} ms of processor a request.")
    _ratio("No server on these cores serves more a second than", limits)
    _ratio("Which is times the plain endpoint", [
        limit / plain for limit, (*_, plain) in zip(limits, rounds, strict=True)
    ])  # fmt: skip
    return ours


def _ratio(name: str, ratios: list[float]) -> None:
    print(f"{name}: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}).", flush=True)


def handling(work: Path, texts: list[str], rate: float) -> float:
    """Seconds of processor that a request costs server and client when its model costs next to nothing."""
    with running(potstill_server(random_bundle(work, "hollow")[0], PORT), PORT, "/readyz") as server:
        asyncio.run(drive(PORT, bodies(texts), rate, 2))
        before = cpu_seconds(server.pid) + time.process_time()
        load = asyncio.run(drive(PORT, bodies(texts), rate, 20))
        spent = cpu_seconds(server.pid) + time.process_time() - before
    assert load.share(200) == 1, "the hollow model keeps up"
    return spent / len(load.outcomes)


def steady(requests: list[bytes], rate: float, seconds: float) -> None:
    """0.7 of the capacity for long."""
    load = asyncio.run(drive(PORT, requests, 0.7 * rate, seconds))
    codes = dict(Counter(outcome.status for outcome in load.outcomes))
    print(f"0.7 C for {seconds:.0f} s: {len(load.outcomes):,} requests {codes}, p99 {_ms(load)}.", flush=True)
    late = [outcome.late for outcome in load.outcomes if outcome.status != 200]
    if late:
        print(f"  {len(late)} not answered; the client itself had sent them up to {max(late):.1f} s late.")


def flood(requests: list[bytes], rate: float, seconds: float) -> None:
    """Three times the capacity, then half of it."""
    load = asyncio.run(drive(PORT, requests, 3 * rate, seconds))
    print(
        f"3 C for {seconds:.0f} s: {load.share(200):.0%} answered, p99 {_ms(load)}; {load.share(429):.0%} refused, p99 "
        f"{1000 * load.p99(429):.0f} ms; {1 - load.share(200) - load.share(429):.2%} neither."
    )
    after = asyncio.run(drive(PORT, requests, rate / 2, 10))
    slow = [outcome.due for outcome in after.outcomes if outcome.status != 200 or outcome.seconds > LIMIT]
    print(f"Normal again after {max(slow, default=0):.1f} s.", flush=True)


def _ms(load: Load) -> str:
    return f"{1000 * load.p99():.0f} ms"


def main() -> int:
    """Measure, and print as it comes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, help="default: six layers of BERT-base's shape, random weights")
    parser.add_argument("--model", type=Path, help="the bundle's model as a folder, for the plain endpoint")
    parser.add_argument("--comments", type=Path, default=Path("../shared/data/wiki_toxic/test.csv.gz"))
    parser.add_argument("--column", default="comment_text")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--capacity", type=float, help="known from earlier rounds; they are left out")
    parser.add_argument("--seconds", type=float, default=10, help="of each step towards the capacity")
    parser.add_argument("--steady", type=float, default=600)
    parser.add_argument("--flood", type=float, default=60)
    arguments = parser.parse_args()
    quiet_transformers()
    arguments.work.mkdir(parents=True, exist_ok=True)
    bundle, model = (arguments.bundle, arguments.model) if arguments.bundle else random_bundle(arguments.work, "b6")
    texts = comments_of(arguments.tokens, 256, arguments.comments, arguments.column)
    rate = arguments.capacity or rounds_of(bundle, model, arguments.work, texts, arguments.rounds, arguments.seconds)
    with running(potstill_server(bundle, PORT), PORT, "/readyz"):
        steady(bodies(texts), rate, arguments.steady)
        flood(bodies(texts), rate, arguments.flood)
    return 0


if __name__ == "__main__":
    sys.exit(main())
