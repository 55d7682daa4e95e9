"""What is being classified."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

ProblemType = Literal["binary", "multiclass"]


class Task(BaseModel):
    """The label names in the order of the logits, and which of them is the one to find.

    `positive` is set for two labels and None for more; the declared metric is the PR-AUC of `positive`, or the mean of
    the one-against-the-rest PR-AUCs where there are more labels than two.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...]
    positive: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < 2:
            raise ValueError(f"a task needs at least two different labels, not {list(self.labels)}")
        if (self.positive is not None) != (len(self.labels) == 2):
            raise ValueError("`positive` is named exactly where there are two labels")
        if self.positive is not None and self.positive not in self.labels:
            raise ValueError(f"positive = {self.positive!r} is none of the labels {list(self.labels)}")
        return self

    @property
    def problem(self) -> ProblemType:
        """`binary` for two labels, else `multiclass`."""
        return "binary" if len(self.labels) == 2 else "multiclass"

    @property
    def positive_index(self) -> int:
        """The column of the logits that belongs to `positive`; raises ValueError for a multiclass task."""
        if self.positive is None:
            raise ValueError("a multiclass task has no positive label")
        return self.labels.index(self.positive)
