"""How much a server bears on two cores that it shares with its clients, one comment a request.

    python benchmarks/serving.py --work FOLDER [--bundle BUNDLE --model MODEL] [--steady 600] [--flood 60]

Without `--bundle` it is BERT-base's six-layer half with random weights: its speed is real, its answers mean nothing.
Capacity is the highest rate at which every request is answered and 99 of 100 within 250 ms, found by halving, in rounds
in which our server and FastAPI around `transformers.pipeline` take turns. Then 0.7 of ours for ten minutes, and three
times ours for a minute.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

import numpy as np
from inference import random_model
from load import Load, bodies, drive
from served import comments_of, plain_server, potstill_server, running
from transformers import AutoTokenizer

from potstill.domain.measures import Calibration
from potstill.domain.task import Task
from potstill.export.build import Origin, export_bundle
from potstill.export.checks import CheckRows, Tolerance
from potstill.inference.bundle import open_bundle
from potstill.models.classifier import Classifier, calm_transformers
from potstill.models.encoder import find_encoder
from potstill.models.saved import SavedDecision

PORT = 8764
LIMIT = 0.25
"""Seconds within which 99 of 100 must be answered."""
HALVINGS = 5
ANYTHING = Tolerance(1, 1, 1)


def random_bundle(work: Path) -> tuple[Path, Path]:
    """A bundle and a model folder of BERT-base's six-layer half with random weights."""
    bundle, folder = work / "b6-bundle", work / "b6-model"
    if not bundle.is_dir():
        model, tokenizer = random_model("b6"), AutoTokenizer.from_pretrained(find_encoder("minilm"))
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        decision = SavedDecision(
            task=Task(labels=("no", "yes"), positive="yes"), calibration=Calibration(), max_length=128
        )
        rows = CheckRows([f"word {n} and more" for n in range(64)], None, np.ones(64))
        export_bundle(
            Classifier(model, tokenizer), decision, Origin("b6", "random weights"), rows, bundle,
            engines=("onnx-fp32", "onnx-int8"), tolerance=ANYTHING, say=print,
        )  # fmt: skip
    return bundle, folder


def offline_speed(bundle: Path, texts: list[str]) -> float:
    """Comments a second of the bundle's engine without a server."""
    opened = open_bundle(bundle)
    opened(texts[:32])
    started = time.perf_counter()
    opened(texts)
    return len(texts) / (time.perf_counter() - started)


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


def rounds_of(bundle: Path, model: Path, texts: list[str], count: int, seconds: float) -> float:
    """Print a line for each round and the ratios; the median capacity of ours."""
    requests = bodies(texts)
    found: list[tuple[float, float, float]] = []
    for n in range(count):
        alone = offline_speed(bundle, texts)
        with running(potstill_server(bundle, PORT), PORT, "/readyz"):
            ours = capacity(PORT, requests, alone, seconds)
        with running(plain_server(model, PORT), PORT, "/livez"):
            plain = capacity(PORT, requests, alone / 2, seconds)
        found.append((alone, ours, plain))
        print(f"round {n}: engine alone {alone:.0f}/s, served {ours:.0f}/s, plain endpoint {plain:.1f}/s", flush=True)
    served = [ours / alone for alone, ours, _ in found]
    print(f"Served over alone: {median(served):.2f} ({min(served):.2f} to {max(served):.2f}).")
    times = [ours / max(plain, 0.1) for _, ours, plain in found]
    print(f"Times the plain endpoint: {median(times):.1f} ({min(times):.1f} to {max(times):.1f}).")
    return median(ours for _, ours, _ in found)


def steady(requests: list[bytes], rate: float, seconds: float) -> None:
    """0.7 of the capacity for long."""
    load = asyncio.run(drive(PORT, requests, 0.7 * rate, seconds))
    codes = dict(Counter(one.status for one in load.outcomes))
    print(f"0.7 C for {seconds:.0f} s: {len(load.outcomes):,} requests {codes}, p99 {_ms(load)}.", flush=True)
    late = [one.late for one in load.outcomes if one.status != 200]
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
    slow = [one.due for one in after.outcomes if one.status != 200 or one.seconds > LIMIT]
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
    calm_transformers()
    arguments.work.mkdir(parents=True, exist_ok=True)
    bundle, model = (arguments.bundle, arguments.model) if arguments.bundle else random_bundle(arguments.work)
    texts = comments_of(arguments.tokens, 256, arguments.comments, arguments.column)
    rate = arguments.capacity or rounds_of(bundle, model, texts, arguments.rounds, arguments.seconds)
    with running(potstill_server(bundle, PORT), PORT, "/readyz"):
        steady(bodies(texts), rate, arguments.steady)
        flood(bodies(texts), rate, arguments.flood)
    return 0


if __name__ == "__main__":
    sys.exit(main())
