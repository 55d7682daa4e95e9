"""Texts to token ids without torch or transformers, long texts as overlapping windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tokenizers import Tokenizer

from potstill.domain.errors import ModelError
from potstill.domain.normalise import normalise

LongText = Literal["windows", "truncate"]
OVERLAP = 4
"""A window repeats a quarter of the one before it, so that an insult is whole in one of them."""


@dataclass(frozen=True)
class Read:
    """Token ids, special tokens included, one row for each window; `owners` says whose window each row is."""

    rows: list[list[int]]
    owners: list[int]
    long: list[bool]
    """For each text: whether it did not fit into one window."""


class Reader:
    """A tokenizer with a model's window size and its rule for long texts.

    Raises:
        ModelError: the tokenizer does not open, or the window has no room for a word.
    """

    def __init__(self, tokenizer_file: Path, *, max_length: int, long: LongText) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:  # the Rust core raises plain Exception
            raise ModelError(f"{tokenizer_file} is no tokenizer: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.prefix, self.suffix = self._specials()
        self.max_length, self.long_rule = max_length, long
        self.room = max_length - len(self.prefix) - len(self.suffix)
        if self.room < OVERLAP:
            raise ModelError(f"max_length {max_length} leaves no room for words")

    def _specials(self) -> tuple[list[int], list[int]]:
        bare = self._tokenizer.encode("a", add_special_tokens=False).ids
        full = self._tokenizer.encode("a").ids
        for start in range(len(full) - len(bare) + 1):
            if full[start : start + len(bare)] == bare:
                return full[:start], full[start + len(bare) :]
        raise ModelError("the tokenizer changes a text's tokens when it adds special ones")

    def read(self, texts: Sequence[str]) -> Read:
        """Normalise and tokenise in one call of the Rust core, then cut."""
        encoded = self._tokenizer.encode_batch_fast([normalise(text) for text in texts], add_special_tokens=False)
        read = Read([], [], [])
        for owner, encoding in enumerate(encoded):
            windows = self._windows(encoding.ids)
            read.rows.extend([*self.prefix, *window, *self.suffix] for window in windows)
            read.owners.extend([owner] * len(windows))
            read.long.append(len(encoding.ids) > self.room)
        return read

    def _windows(self, ids: list[int]) -> list[list[int]]:
        if len(ids) <= self.room or self.long_rule == "truncate":
            return [ids[: self.room]]
        step = self.room - self.room // OVERLAP
        starts = range(0, len(ids) - self.room + step, step)
        # The last window is moved back to be full: two words alone would be judged without what stands before them.
        return [ids[min(start, len(ids) - self.room) :][: self.room] for start in starts]
