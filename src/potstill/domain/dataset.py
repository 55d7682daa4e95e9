"""Rows that passed validation, and the account of those that did not."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from potstill.domain.task import Task


@dataclass(frozen=True)
class Split:
    """The rows of one split, column by column, all of the same length n.

    `texts` are normalised; `labels` is (n,) int64, indices into `Task.labels`, or (n, labels) of 0 and 1 where the task
    is multi-label; `weights` is (n,) float64, the sample
    weight of every measure; `groups` holds rows together that must not be torn apart; `categories` is empty or names
    what each row tests.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]
    groups: Sequence[str]
    categories: Sequence[str] = field(default=())

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> "Split":
        """The rows at `indices`, in that order."""
        rows = [int(index) for index in indices]
        return Split(
            ids=[self.ids[row] for row in rows],
            texts=[self.texts[row] for row in rows],
            labels=self.labels[rows],
            weights=self.weights[rows],
            groups=[self.groups[row] for row in rows],
            categories=[self.categories[row] for row in rows] if self.categories else (),
        )

    def fingerprint(self) -> str:
        """SHA-256 over texts, labels and weights in order: equal exactly when a run would see the same rows."""
        digest = sha256()
        for text, label, weight in zip(self.texts, self.labels.tolist(), self.weights.tolist(), strict=True):
            digest.update(f"{label}\t{weight!r}\t{text}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


class SourceAccount(BaseModel):
    """Where the rows of one source went: `rows == used + filtered + sum(rejected.values())`, always.

    `filtered` counts rows that the study itself left out, by cause: `where`, `sample`, `leak`. `rejected` counts rows
    that could not be used, by reason; `examples` shows one place for each reason.
    """

    model_config = ConfigDict(extra="forbid")

    source: str
    fingerprint: str
    rows: int
    used: int
    filtered: dict[str, int] = {}
    rejected: dict[str, int] = {}
    examples: dict[str, str] = {}

    def balances(self) -> bool:
        """Whether every row is accounted for."""
        return self.rows == self.used + sum(self.filtered.values()) + sum(self.rejected.values())

    def describe(self) -> str:
        """The account in one line."""
        gone = [f"{count:,} left out ({cause})" for cause, count in self.filtered.items()]
        gone += [
            f"{count:,} rejected ({reason}, such as {self.examples.get(reason, '?')})"
            for reason, count in self.rejected.items()
        ]
        return f"{self.source}: {self.rows:,} rows = " + " + ".join([f"{self.used:,} used", *gone])


class DataAccount(BaseModel):
    """The accounts of all sources, the size of each split, and what a reader of the figures has to know."""

    model_config = ConfigDict(extra="forbid")

    sources: list[SourceAccount]
    rows: dict[str, int]
    positives: dict[str, list[int]]
    """Rows of each label, by split."""
    notes: list[str] = []

    def describe(self, labels: tuple[str, ...]) -> list[str]:
        """The account in lines: a source each, a split each, then the notes."""
        lines = [source.describe() for source in self.sources]
        for split, counts in self.positives.items():
            shares = ", ".join(f"{count:,} {label}" for label, count in zip(labels, counts, strict=True))
            lines.append(f"{split}: {self.rows[split]:,} rows ({shares})")
        return lines + [f"note: {note}" for note in self.notes]


@dataclass(frozen=True)
class Dataset:
    """Three splits of one task, cut and checked, with their account; `unlabelled` are texts that stand in none."""

    task: Task
    train: Split
    validation: Split
    test: Split
    account: DataAccount
    unlabelled: Sequence[str] = ()
    trained_on: Sequence[str] | None = None
    """Texts that a given teacher was trained on; None where nobody says."""

    def with_source(self, account: SourceAccount) -> "Dataset":
        """The data set with the account of one more source."""
        sources = [*self.account.sources, account]
        return replace(self, account=self.account.model_copy(update={"sources": sources}))

    def splits(self) -> dict[str, Split]:
        """The splits by their names."""
        return {"train": self.train, "validation": self.validation, "test": self.test}
