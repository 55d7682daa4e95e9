"""The words that the page marks, against those that people marked: character F1.

    python benchmarks/words.py BUNDLE [--posts ../shared/data/toxic_spans/test.csv.gz]

The measure is that of SemEval-2021 task 5 (Pavlopoulos et al., 2021): F1 of the marked characters of each post, 1 where
nobody marked any, then the mean. Beside it "all words" and "none".
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from potstill.data.formats import read_table
from potstill.inference.bundle import BundlePredictor, open_bundle
from potstill.inference.occlusion import MARKED, Span, marked, parts, strongest, variants, weights

Marking = Callable[[str], list[Span]]


def f1(predicted: set[int], wanted: set[int]) -> float:
    """Of marked characters."""
    if not predicted or not wanted:
        return float(predicted == wanted)
    return 2 * len(predicted & wanted) / (len(predicted) + len(wanted))


def by_occlusion(bundle: BundlePredictor) -> Marking:
    """What the page marks."""
    task, temperature = bundle.info.task, bundle.info.calibration.temperature

    def mark(text: str) -> list[Span]:
        cut = parts(text)
        logits = bundle([text[part.begin : part.end] for part in cut])
        part = cut[strongest(logits, task, task.positive_index, temperature)]
        logits = bundle(variants(text, part))
        return marked(part.words, weights(logits, task, task.positive_index, temperature), MARKED)

    return mark


def all_words(text: str) -> list[Span]:
    """Every word."""
    return [word for part in parts(text) for word in part.words]


def mean_f1(mark: Marking, posts: list[tuple[str, set[int]]]) -> tuple[float, float]:
    """The mean over the posts, and its standard error."""
    scores: list[float] = []
    for n, (text, wanted) in enumerate(posts):
        scores.append(f1({place for begin, end in mark(text) for place in range(begin, end)}, wanted))
        if sys.stderr.isatty() and n % 20 == 0:
            print(f"\r{n:,} of {len(posts):,}", end="", file=sys.stderr, flush=True)
    return float(np.mean(scores)), float(np.std(scores) / np.sqrt(len(scores)))


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--posts", type=Path, default=Path("../shared/data/toxic_spans/test.csv.gz"))
    arguments = parser.parse_args()
    rows = [row.values for row in read_table(str(arguments.posts), Path()).rows if not row.fault]
    posts: list[tuple[str, set[int]]] = [(row["text"] or "", set(json.loads(row["spans"] or "[]"))) for row in rows]
    bundle = open_bundle(arguments.bundle)
    contestants: dict[str, Marking] = {"all words": all_words, "none": lambda _: [], "occlusion": by_occlusion(bundle)}
    for name, mark in contestants.items():
        mean, error = mean_f1(mark, posts)
        print(f"{name}: character F1 {mean:.3f} (standard error {error:.3f}), {len(posts):,} posts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
