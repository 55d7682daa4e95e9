"""Whether there is anything in a text that a model can read."""

import unicodedata
from collections.abc import Callable, Collection, Sequence

_WORD_BEGINNINGS = ("▁", "Ġ")
"""How SentencePiece and byte-level tokenizers write the beginning of a word: nothing of the word itself."""
_UNKNOWN = ("[UNK]", "<unk>")
_NO_MARKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffd")
"""Fillers, the blank of Braille, and what stands for something that could not be decoded: all are letters or signs to
Unicode, and none is one to a reader."""


def has_marks(text: str) -> bool:
    """Whether a text has any visible sign: not only white space, control characters and characters without width."""
    return any(_is_mark(letter) for letter in text)


def _is_mark(letter: str) -> bool:
    if "!" <= letter <= "~":
        return True
    # C: control, format, unassigned, private, halves of pairs. Z: separators. Mn: signs on top of a letter, and the
    # selectors of its variant; without a letter they are none.
    return not unicodedata.category(letter).startswith(("C", "Z", "Mn")) and letter not in _NO_MARKS


def silent_ids(id_of: Callable[[str], int | None]) -> frozenset[int]:
    """The ids of tokens that say nothing of a text: `id_of` gives a token's id, None where there is no such token."""
    ids = (id_of(token) for token in (*_UNKNOWN, *_WORD_BEGINNINGS))
    return frozenset(number for number in ids if number is not None)


def is_blank(text: str, ids: Sequence[int], silent: Collection[int]) -> bool:
    """Whether nothing of a text can be read: it has no marks, or its token `ids`, special ones aside, are none but
    `silent` ones. The score of such a text would be the same whatever it says."""
    return all(number in silent for number in ids) or not has_marks(text)
