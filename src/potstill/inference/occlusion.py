"""Which words matter for a score: each is left out once.

After Li, Monroe and Jurafsky, 2016, "Understanding Neural Networks through Representation Erasure": the weight of a
word is by how much the log-odds of a label fall without it. Approximate: words work together, and a text with a hole in
it is not one that the model has learnt from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from potstill.domain.predictor import Logits
from potstill.domain.task import Task

MOST_WORDS = 64
MARKED = 0.5
"""A word is marked where its weight is at least so much of the heaviest word's."""
Span = tuple[int, int]
"""Code points of a text, from and up to."""
_WORD = re.compile(r"\S+")
_AROUND = ".,;:!?\"'()[]{}<>“”«»…"
"""Around a word and not of it; left in the text when the word goes. Inside ("sh*t", "don't") they stay with it."""


@dataclass(frozen=True)
class Part:
    """Some of a text, so many words at most, and where these stand in the text."""

    begin: int
    end: int
    words: list[Span]


def parts(text: str, most: int = MOST_WORDS) -> list[Part]:
    """The text in parts of `most` words each; one part of no words where it has none."""
    words = [_word(text, match.start(), match.end()) for match in _WORD.finditer(text)]
    cut = [words[at : at + most] for at in range(0, len(words), most)] or [words]
    starts = [0, *(some[0][0] for some in cut[1:])]
    return [Part(start, end, some) for start, end, some in zip(starts, [*starts[1:], len(text)], cut, strict=True)]


def variants(text: str, part: Part) -> list[str]:
    """The part as it is, then without each of its words."""
    whole = text[part.begin : part.end]
    return [whole, *(text[part.begin : begin] + text[end : part.end] for begin, end in part.words)]


def weights(logits: Logits, task: Task, column: int, temperature: float) -> list[float]:
    """By how much a label's log-odds fall without each word, from the variants' logits, (1 + words, labels)."""
    odds = log_odds(logits, task, column, temperature)
    return (odds[0] - odds[1:]).tolist()


def strongest(logits: Logits, task: Task, column: int, temperature: float) -> int:
    """The part that speaks most for a label, from the logits of the parts, (parts, labels)."""
    return int(log_odds(logits, task, column, temperature).argmax())


def log_odds(
    logits: Logits, task: Task, column: int, temperature: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """log(p / (1 - p)) of a label, (n,). From the logits: probabilities that round to 1 have none."""
    scaled = logits.astype(np.float64) / temperature
    if task.multilabel:
        return scaled[:, column]
    rest = np.delete(scaled, column, axis=1)
    top = rest.max(axis=1)
    return scaled[:, column] - top - np.log(np.exp(rest - top[:, None]).sum(axis=1))


def marked(words: Sequence[Span], word_weights: Sequence[float], share: float) -> list[Span]:
    """The words whose weight is positive and at least this share of the heaviest word's."""
    most = max(word_weights, default=0.0)
    return [word for word, weight in zip(words, word_weights, strict=True) if weight > 0 and weight >= share * most]


def _word(text: str, begin: int, end: int) -> Span:
    inner = text[begin:end].strip(_AROUND)
    if not inner:
        return begin, end
    start = text.index(inner, begin)
    return start, start + len(inner)
