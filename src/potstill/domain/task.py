"""What is being classified."""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

ProblemType = Literal["binary", "multiclass", "multilabel"]
NO_LABEL = "none"
"""What a text of a multi-label task is called that carries no label."""


class Task(BaseModel):
    """The label names in the order of the logits, and which of them is the one to find.

    A row carries one of the labels, or, where the task is `multilabel`, any number of them. `positive` is set where a
    row carries one of two; the declared metric is the PR-AUC of `positive`, or the mean of the PR-AUCs of every label
    against the rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...]
    positive: str | None = None
    multilabel: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < 2:
            raise ValueError(f"a task needs at least two different labels, not {list(self.labels)}")
        if (self.positive is not None) != (len(self.labels) == 2 and not self.multilabel):
            raise ValueError("`positive` is named exactly where a row carries one of two labels")
        if self.positive is not None and self.positive not in self.labels:
            raise ValueError(f"positive = {self.positive!r} is none of the labels {list(self.labels)}")
        if self.multilabel and NO_LABEL in self.labels:
            raise ValueError(f'"{NO_LABEL}" is what a text without a label is called: no label can have this name')
        return self

    @property
    def problem(self) -> ProblemType:
        """`multilabel`, or else `binary` for two labels and `multiclass` for more."""
        if self.multilabel:
            return "multilabel"
        return "binary" if len(self.labels) == 2 else "multiclass"

    @property
    def positive_index(self) -> int:
        """The column of the logits that belongs to `positive`; raises ValueError where no label is the positive one."""
        if self.positive is None:
            raise ValueError(f"a {self.problem} task has no positive label")
        return self.labels.index(self.positive)

    @property
    def ranked_columns(self) -> list[int]:
        """The columns of the logits whose PR-AUCs make the declared metric."""
        return [self.positive_index] if self.problem == "binary" else list(range(len(self.labels)))

    def carries(self, labels: NDArray[np.int64], column: int) -> NDArray[np.bool_]:
        """Which rows carry the label of `column`, (n,); `labels` as in a `Split`."""
        return labels[:, column] == 1 if self.multilabel else labels == column

    def counts(self, labels: NDArray[np.int64]) -> list[int]:
        """How many rows carry each label."""
        return [int(self.carries(labels, column).sum()) for column in range(len(self.labels))]

    def positives(self, labels: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
        """Which rows carry the label of each ranked column."""
        return [self.carries(labels, column) for column in self.ranked_columns]
