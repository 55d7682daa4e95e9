"""Texts to token ids without torch or transformers, long texts as overlapping windows."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

from tokenizers import Tokenizer

from potstill.domain.errors import ModelError, in_short
from potstill.domain.normalise import normalise
from potstill.domain.readable import is_blank, silent_ids

LongText = Literal["windows", "truncate"]
AT_ONCE = 1_000_000
"""Characters in one call of the tokenizer, whose notes on each token take thirty times the room of the text."""
_WORDS, _SOME = ("a", "1", ".", "the", "你"), 100
"""What the special tokens are looked for around, and how many of the vocabulary where it knows none of them."""
OVERLAP = 4
"""A window repeats a quarter of the one before it, so that an insult is whole in one of them."""


@dataclass(frozen=True)
class Read:
    """Token ids, special tokens included, one row for each window; `owners` says whose window each row is."""

    rows: list[list[int]]
    owners: list[int]
    long: list[bool]
    """For each text: whether it did not fit into one window."""
    blank: list[bool]
    """For each text: whether nothing of it can be read."""


class Reader:
    """A tokenizer, from the content of a tokenizer.json, with a model's window size and its rule for long texts.

    A text without any token, which a tokenizer that adds none of its own makes of an empty one, is the token `blank`.

    Raises:
        ModelError: the tokenizer does not open, or the window has no room for a word.
    """

    def __init__(self, tokenizer: bytes, *, max_length: int, long: LongText, blank: int = 0) -> None:
        try:
            self._tokenizer = Tokenizer.from_buffer(tokenizer)
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()
            self.prefix, self.suffix = self._specials()
        except BaseException as error:
            # The Rust core raises plain Exception, and where it gives up a PanicException, which is none.
            if isinstance(error, ModelError | KeyboardInterrupt | SystemExit):
                raise
            raise ModelError(f"the tokenizer does not open: {in_short(error)}") from error
        self.silent = silent_ids(self._tokenizer.token_to_id)
        self.max_length, self.long_rule, self._blank = max_length, long, blank
        self.room = max_length - len(self.prefix) - len(self.suffix)
        if self.room < OVERLAP:
            raise ModelError(f"max_length {max_length} leaves no room for words")

    def _specials(self) -> tuple[list[int], list[int]]:
        for word in chain(_WORDS, islice(self._tokenizer.get_vocab(), _SOME)):
            bare, full = self._tokenizer.encode(word, add_special_tokens=False).ids, self._tokenizer.encode(word).ids
            if bare:
                break
        else:
            raise ModelError("the tokenizer makes no token of any word")
        for start in range(len(full) - len(bare) + 1):
            if full[start : start + len(bare)] == bare:
                return full[:start], full[start + len(bare) :]
        raise ModelError("the tokenizer changes a text's tokens when it adds special ones")

    def largest_id(self) -> int:
        """The largest id that a text can have."""
        return max(self._tokenizer.get_vocab().values())

    def read(self, texts: Sequence[str]) -> Read:
        """Normalise, tokenise in calls of the Rust core, then cut."""
        read = Read([], [], [], [])
        for some in slices(texts, AT_ONCE):
            normal = [normalise(text) for text in some]
            encoded = self._tokenizer.encode_batch_fast(normal, add_special_tokens=False)
            encoded.reverse()
            for text in normal:
                # Each is freed by itself: a million tokens' notes at a time would hold up Python's other threads.
                owner, ids = len(read.long), encoded.pop().ids
                windows = self._windows(ids)
                rows = ([*self.prefix, *window, *self.suffix] for window in windows)
                read.rows.extend(row or [self._blank] for row in rows)
                read.owners.extend([owner] * len(windows))
                read.long.append(len(ids) > self.room)
                read.blank.append(is_blank(text, ids, self.silent))
        return read

    def blank(self, texts: Sequence[str]) -> list[bool]:
        """For each text: whether nothing of it can be read."""
        return self.read(texts).blank

    def _windows(self, ids: list[int]) -> list[list[int]]:
        if len(ids) <= self.room or self.long_rule == "truncate":
            return [ids[: self.room]]
        step = self.room - self.room // OVERLAP
        starts = range(0, len(ids) - self.room + step, step)
        # The last window is moved back to be full: two words alone would be read without what stands before them.
        return [ids[min(start, len(ids) - self.room) :][: self.room] for start in starts]


def slices(texts: Sequence[str], characters: int) -> Generator[Sequence[str]]:
    """`texts` in order, as many at a time as have `characters` together, and at least one."""
    start = room = 0
    for place, text in enumerate(texts):
        if place > start and len(text) > room:
            yield texts[start:place]
            start = place
        room = (characters if place == start else room) - len(text)
    if start < len(texts):
        yield texts[start:]
