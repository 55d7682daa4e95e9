"""An engine that answers texts instead of token ids."""

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from potstill.domain.errors import ModelError
from potstill.domain.predictor import Logits, probabilities
from potstill.domain.task import Task
from potstill.inference.batching import equal_batches
from potstill.inference.engine import Engine
from potstill.inference.reading import Read, Reader
from potstill.inference.side_by_side import SideBySide

TOKEN_BUDGET = 1024
"""Tokens in one batch: enough that matrix products run at full speed (four times as many gain nothing), few enough that
most texts find one."""


class TextModel:
    """A reader and an engine; where there are many batches, `several` answers them, if it is given.

    A long text is several rows where the reader cuts it into windows; the window that speaks most for the positive
    label stands for its text (for more than two labels: the window that is surest; where a text may carry several, each
    label's logit is that of the window that speaks most for it).
    """

    def __init__(self, reader: Reader, engine: Engine, task: Task) -> None:
        self.reader, self.task = reader, task
        self.engine, self._budget = engine, TOKEN_BUDGET
        self.several: SideBySide | None = None

    def __call__(self, texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        """Logits of the texts, (n, labels) float32, and for each whether it was longer than one window.

        Raises:
            ModelError: the engine gives something else than a row of logits, one for each label, for each row.
        """
        read = self.reader.read(texts)
        return self.of_texts(read, self.of_rows(read.rows)), read.long

    def alone(self) -> Self:
        """The same model, every row by itself."""
        model = copy.copy(self)
        model._budget = 1
        return model

    def of_rows(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Logits, (rows, labels), of token ids; raises as a call does."""
        logits = np.empty((len(rows), len(self.task.labels)), dtype=np.float32)
        batches = equal_batches([len(row) for row in rows], self._budget)
        ids = [np.array([rows[row] for row in batch], dtype=np.int64) for batch in batches]
        several = self.several if self.several and self.several.is_worth_it(len(batches)) else None
        answers = several(ids) if several else map(self.engine, ids)
        for batch, answer in zip(batches, answers, strict=True):
            if answer.shape != (len(batch), logits.shape[1]):
                raise ModelError(f"the model gives {answer.shape}, not {(len(batch), logits.shape[1])}: rows, labels")
            logits[batch] = answer
        return logits

    def of_texts(self, read: Read, logits: Logits) -> Logits:
        """Logits, (texts, labels), from those of the windows, (rows, labels)."""
        texts = len(read.long)
        return logits if len(logits) == texts else self._strongest(logits, np.array(read.owners), texts)

    def _strongest(self, logits: Logits, owners: NDArray[np.int64], texts: int) -> Logits:
        if self.task.multilabel:
            strongest = np.full((texts, logits.shape[1]), -np.inf, dtype=np.float32)
            np.maximum.at(strongest, owners, logits)
            return strongest
        shares = probabilities(logits, self.task)
        strength = shares[:, self.task.positive_index] if self.task.problem == "binary" else shares.max(axis=1)
        order = np.lexsort((strength, owners))
        last = np.searchsorted(owners[order], np.arange(texts), side="right") - 1
        return logits[order[last]]
