"""The rows of a study as its models read them."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from potstill.domain.dataset import Dataset
from potstill.models.forward import TokenRows, encode
from potstill.training.objective import UNLABELLED

UNLABELLED_SPLIT = "unlabelled"
"""What the rows without labels are called beside train, validation and test."""


class Corpus:
    """The texts of each split, and their token ids; a split is tokenised when it is first asked for.

    `tokenizer` is the teacher's. A model that brings another gets its own ids from `ids_for`.
    """

    def __init__(self, data: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int) -> None:
        self.data, self.tokenizer, self.max_length = data, tokenizer, max_length
        self._vocabulary = tokenizer.get_vocab()
        self._ids: dict[str, TokenRows] = {}

    def texts(self, split: str) -> Sequence[str]:
        """The texts of train, validation, test, or of the rows without labels."""
        return self.data.unlabelled if split == UNLABELLED_SPLIT else self.data.splits()[split].texts

    def ids(self, split: str) -> TokenRows:
        """Token ids of a split, as the teacher reads it."""
        if split not in self._ids:
            self._ids[split] = self.encode(self.texts(split), self.tokenizer)
        return self._ids[split]

    def ids_for(self, tokenizer: PreTrainedTokenizerBase, split: str) -> TokenRows:
        """Token ids of a split, as a model with this tokenizer reads it."""
        if tokenizer.get_vocab() == self._vocabulary:
            return self.ids(split)
        return self.encode(self.texts(split), tokenizer)

    def encode(self, texts: Sequence[str], tokenizer: PreTrainedTokenizerBase | None = None) -> TokenRows:
        """Token ids of any texts, cut at the study's length."""
        return encode(tokenizer or self.tokenizer, texts, max_length=self.max_length)

    @cached_property
    def tokens_in_train(self) -> int:
        """Tokens of one epoch over the rows that have labels, padding not counted."""
        return sum(len(row) for row in self.ids("train"))

    def train_labels(self, rows: NDArray[np.int64] | None = None) -> list[int] | list[list[int]]:
        """The labels of all training rows or of some."""
        labels = self.data.train.labels
        return (labels if rows is None else labels[rows]).tolist()

    def unknown_labels(self) -> list[int] | list[list[int]]:
        """What stands for the labels of the rows that have none."""
        shape = (len(self.data.unlabelled), *self.data.train.labels.shape[1:])
        return np.full(shape, UNLABELLED).tolist()
