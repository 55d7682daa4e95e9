"""The tables of a study file, one class each."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from potstill.data.mentions import TERMS
from potstill.domain.language import LanguageCode
from potstill.domain.task import ProblemType
from potstill.recipes.adapter import Targets
from potstill.recipes.base import Gate

Scalar = str | int | float | bool
StudyGate = Literal["weak_teacher"]
"""A refusal of the study as a whole that it can waive by name: picking an arm although the teacher is not clearly above
the majority class and TF-IDF."""


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitTable(Table):
    """One split's file, with what differs from `[data]`."""

    path: str | list[str]
    encoding: str | None = None
    where: dict[str, Scalar] = {}
    sample: int | None = Field(default=None, ge=1)


class DataTable(Table):
    """Where the rows come from. `sample` and `where` on this level are for the training rows."""

    train: str | list[str] | SplitTable = "builtin:pilot"
    validation: str | list[str] | SplitTable | None = None
    test: str | list[str] | SplitTable | None = None
    unlabelled: str | list[str] | SplitTable | None = None
    """Rows of which only the text is read, for arms that distil on them."""
    encoding: str | None = None
    text: str = "text"
    label: str = "label"
    id: str | None = None
    weight: str | None = None
    group: str | None = None
    category: str | None = None
    where: dict[str, Scalar] = {}
    sample: int | None = Field(default=None, ge=1)
    labels: dict[str, str] | list[str] | None = None
    """Values of the column `label` and their names; or the columns, of 0 and 1, of a multi-label task."""
    positive: str | None = None
    languages: list[LanguageCode] = []
    """Those of the texts, by ISO 639: a bundle checks the texts that it is asked about against them."""
    on_leak: Literal["stop", "drop"] = "stop"
    fractions: tuple[float, float, float] = (0.5, 0.15, 0.35)
    seed: int = 0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if isinstance(self.labels, list) and self.label != "label":
            raise ValueError("name one column with `label`, or several, each of 0 and 1, with `labels`; not both")
        return self


class TeacherTable(Table):
    """The teacher: `encoder` is fine-tuned here, `model` is one that already is, on the rows of `trained_on`."""

    encoder: str | None = None
    model: str | None = None
    trained_on: str | list[str] | SplitTable | None = None
    """Rows of which only the text is read: none of them may stand in validation or test."""
    revision: str | None = None
    problem: ProblemType | None = None
    """What the model answers, where its config.json does not say it, or as a check where it does."""
    seed: int = 0
    learning_rate: float | None = Field(default=None, gt=0)
    epochs: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.encoder is None and self.model is None:
            raise ValueError('name an `encoder` to fine-tune (such as "minilm"), or a fine-tuned `model`')
        if self.trained_on is not None and self.model is None:
            raise ValueError("`trained_on` is for a given `model`: an `encoder` is fine-tuned here, on train")
        return self


class SearchTable(Table):
    """The same learning rates for each family of arms, tried on `rows` training rows, chosen by validation PR-AUC."""

    learning_rates: list[float] = Field(min_length=1)
    rows: int = Field(default=4000, ge=1)
    seed: int = 0


class LayerSearchTable(Table):
    """Training rows on which the layers of arms with keep = "search" are chosen, and on which nothing is trained."""

    rows: int = Field(default=512, ge=1)
    seed: int = 0


class TuneTable(Table):
    """What `potstill tune` tries for a LoRA arm, on `rows` training rows, and for how long."""

    arm: str | None = None
    trials: int = Field(default=20, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    rows: int = Field(default=3000, ge=1)
    seed: int = 0
    r: list[int] = Field(default=[4, 8, 16, 32], min_length=1)
    lora_alpha: list[int] = Field(default=[8, 16, 32, 64], min_length=1)
    lora_dropout: tuple[float, float] = (0.0, 0.2)
    learning_rate: tuple[float, float] = (1e-4, 5e-3)
    targets: list[Targets] = Field(default=["query-value", "attention", "all"], min_length=1)


class SubgroupsTable(Table):
    """Groups of people that rows mention, by `terms` or by a `column` that names them, for ROC-AUC around each: in the
    test rows, or in a file of its own that nothing is trained on or chosen by."""

    path: str | list[str] | SplitTable | None = None
    text: str | None = None
    label: str | None = None
    labels: dict[str, str] | None = None
    terms: list[str] = list(TERMS)
    column: str | None = None

    @model_validator(mode="after")
    def _own(self) -> Self:
        if self.path is None and any((self.text, self.label, self.labels, self.column)):
            raise ValueError("`text`, `label`, `labels` and `column` describe a file: name it with `path`")
        return self


class GatesTable(Table):
    """Refusals that the study does without, each with the reason why. An arm that is made so never wins nor is
    exported; a weak teacher's is picked as any other, and the report begins with what speaks against it."""

    waive: dict[Gate | StudyGate, Annotated[str, StringConstraints(min_length=1)]] = {}
