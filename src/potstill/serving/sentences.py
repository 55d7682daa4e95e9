"""Where the sentences of a text are."""

import re
from collections.abc import Generator
from typing import Any

import sentencex as untyped_sentencex  # pyright: ignore[reportMissingTypeStubs]

sentencex: Any = untyped_sentencex
MOST_SENTENCES = 255
_LINE = re.compile("[^\r\n\u0085\u2028\u2029]+")
"""What stands between two breaks that end a sentence always (Unicode's UAX 29, ParaSep)."""
_HALF = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair, which the splitter does not take."""
Span = tuple[int, int]
"""Code points of a text, from and up to."""


def sentences(text: str, language: str = "en") -> list[Span]:
    """Where the sentences of a text begin and end; white space around them belongs to none.

    A line break ends a sentence, and so do the marks that end one in `language` (ISO 639), where they stand neither in
    an abbreviation nor in a quotation. The rest of a text of very many sentences is one.
    """
    spans = [span for span in _spans(_HALF.sub("\ufffd", text), language) if span[0] < span[1]]
    if len(spans) <= MOST_SENTENCES:
        return spans
    kept = spans[:MOST_SENTENCES]
    return [*kept[:-1], (kept[-1][0], spans[-1][1])]


def _spans(text: str, language: str) -> Generator[Span]:
    for line in _LINE.finditer(text):
        for sentence in sentencex.get_sentence_boundaries(language, line[0]):
            begin, end = line.start() + sentence["start_index"], line.start() + sentence["end_index"]
            inner = text[begin:end]
            yield begin + len(inner) - len(inner.lstrip()), begin + len(inner.rstrip())
