"""The one text normalisation, shared by training, evaluation and serving."""

import re
import unicodedata
from itertools import groupby

NORMALISE_VERSION = 1
"""Stored with every model: a score is only meaningful on texts normalised the same way."""

# Characters that take no room on a screen and are used to break up words for a filter: soft hyphen, zero-width
# space and non-joiner, left/right marks, word joiner, byte-order mark. The zero-width joiner (U+200D) is taken out
# as well: it splits joined emoji into their parts, which the tokenizers of this field do anyway.
_ZERO_WIDTH = dict.fromkeys([0x00AD, 0x180E, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFEFF])
_SPACE = re.compile(r"\s+")
_LONG_RUN = re.compile(r"[^\w\s\x00-\x7f]{31,}")
"""Where so many marks may stand in a row: people's writing has at most 30, Unicode's stream-safe format says."""
_MARKS_AT_ONCE = {0x0F73: "\u0f71\u0f72", 0x0F75: "\u0f71\u0f74", 0x0F81: "\u0f71\u0f80"}
"""Characters that are no marks and stand for two: canonically the same."""


def normalise(text: str) -> str:
    """Return `text` in NFC, without zero-width characters, every run of white space folded to one space, stripped.

    White space is folded because real files differ only in it: the Wikipedia training file keeps its newlines, the
    test file has a space for each. Half a surrogate pair, which JSON can smuggle into a string and which no tokenizer
    takes, becomes U+FFFD.
    """
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").translate(_ZERO_WIDTH)
        text = _LONG_RUN.sub(_ordered, text)
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _ordered(run: re.Match[str]) -> str:
    """The run with its marks in canonical order already.

    Python puts them there by insertion, which takes the square of their number: a megabyte of them, half above the
    letter and half below, took an hour.
    """
    letters = run[0].translate(_MARKS_AT_ONCE)
    groups = groupby(letters, key=lambda letter: unicodedata.combining(letter) != 0)
    return "".join("".join(sorted(group, key=unicodedata.combining) if marks else group) for marks, group in groups)
