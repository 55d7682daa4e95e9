"""What every method is given, and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from potstill.domain.layers import LayerPlan
from potstill.domain.task import Task
from potstill.models.classifier import Classifier, count_parameters
from potstill.models.forward import TokenRows
from potstill.training.batches import plan_batches
from potstill.training.loop import Checkpoint, EpochScore, Precision, TrainResult, train
from potstill.training.objective import Distillation, Guidance, Objective

Gate = Literal["random_teacher", "frozen_head", "layer_order"]
"""Refusals that a study can waive by name: distilling from an untrained teacher, a head that stays random and frozen,
and layers in another order than the teacher's."""


Role = Literal["smaller", "whole", "control"]
"""What an arm is for: a model smaller than the teacher, one of its size, or something to hold the others against, which
is never picked."""


class Training(BaseModel):
    """How models are trained, in the names of transformers' `TrainingArguments` where it has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=2, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0)
    batch_size: int = Field(default=32, ge=1)
    max_length: int = Field(default=128, ge=8)
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Every dropout of the model while it is trained; None leaves the encoder's own."""
    precision: Precision = "auto"
    checkpoint: Checkpoint = "last"
    """`last`, or `best` on validation: the same for every arm."""
    budget: Literal["epochs", "equal"] = "epochs"
    """`equal`: every arm spends as many tokens as `epochs` over the labelled rows do, whatever its own epochs are."""
    sampled_accuracy: int | None = Field(default=None, ge=1)
    """Also note the accuracy on so many validation rows, always the same ones, after every epoch."""


@dataclass(frozen=True)
class Bench:
    """The materials of a study, laid out for a method: tokenised training rows, how to train, how to score.

    `tokens` are what a training spends, where that is fixed; else its epochs say. A row without a label has UNLABELLED
    for it. `texts` are those of the rows, which `tokenizer` made of them; a method that brings a tokenizer of its own
    replaces both. Paths of encoders are relative to `root`. `score` measures a model on validation, asked after each
    epoch; `on_step` hears of each training step.
    """

    task: Task
    encoder: Path | None
    training: Training
    rows: TokenRows
    labels: list[int] | list[list[int]]
    tokens: int | None = None
    texts: Sequence[str] = ()
    tokenizer: PreTrainedTokenizerBase | None = None
    root: Path = Path(".")
    score: Callable[[Classifier], EpochScore] | None = None
    on_step: Callable[[], None] | None = None

    def steps(self, seed: int) -> int:
        """Steps of a training."""
        how = self.training
        plan = plan_batches([len(row) for row in self.rows], how.batch_size, seed, how.epochs, self.tokens)
        return sum(map(len, plan))

    def distillation(self, guidance: Guidance | None = None, **loss: Any) -> Distillation:
        """The usual objective for this task; without a teacher, and nothing more, cross-entropy on the labels."""
        return Distillation(guidance, self.task.multilabel, **loss)

    def fit(self, model: PreTrainedModel, seed: int, objective: Objective | None = None) -> TrainResult:
        """Train `model` in place on this bench; for cross-entropy on the labels, where no objective is given."""
        how = self.training.model_dump(exclude={"max_length", "sampled_accuracy", "budget"})
        return train(
            model, self.rows, self.labels, objective=objective or self.distillation(), seed=seed, tokens=self.tokens,
            validate=self._validate if self.score else None, on_step=self.on_step, **how,
        )  # fmt: skip

    def _validate(self, model: PreTrainedModel) -> EpochScore:
        assert self.score is not None, "asked only where there is one"
        assert self.tokenizer is not None, "what scores a model has to read texts for it"
        return self.score(Classifier(model, self.tokenizer))


@dataclass(frozen=True)
class Taught:
    """The teacher that methods start from, with its logits on the training rows."""

    classifier: Classifier
    guidance: Guidance


@dataclass(frozen=True)
class Made:
    """A model that a method made, with what a reader of the table should know about the making.

    `parameters` are those of the model, and those that were trained, adapters included; `save_adapter` writes the
    adapter beside the merged model.
    """

    classifier: Classifier
    parameters: tuple[int, int]
    trained: TrainResult | None = None
    layers: LayerPlan | None = None
    audit: list[str] = field(default_factory=list)
    save_adapter: Callable[[Path], None] | None = None


class Method(BaseModel):
    """Base of every method: a frozen record of its settings. `learning_rate` and `epochs` override the study's."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: ClassVar[Role] = "smaller"

    learning_rate: float | None = Field(default=None, gt=0)
    epochs: int | None = Field(default=None, ge=1)

    def needs_waived(self) -> list[Gate]:
        """The gates that refuse these settings."""
        return []

    def family(self) -> str | None:
        """Arms of one family share a learning rate where the study searches for it; None: nothing is trained."""
        return None

    def own_encoder(self) -> tuple[str, str | None] | None:
        """Name and revision of the encoder that it starts from, where that is neither the teacher nor the study's."""
        return None

    def needs_encoder(self) -> bool:
        """Whether it starts from the study's pretrained encoder, which a teacher given as a model need not name."""
        return False

    def uses_unlabelled(self) -> bool:
        """Whether rows without labels are among those that it is given."""
        return False

    def seeded(self) -> bool:
        """Whether another seed gives another result."""
        return True

    def plan(self, depth: int) -> LayerPlan | None:
        """The layers kept of a teacher of `depth`; None where the method does not choose layers."""
        return None

    def refuse(self, depth: int, training: Training) -> None:
        """Raise StudyError where these settings do not fit a teacher of `depth` layers, or this training."""
        self.plan(depth)

    def frozen(self, model: PreTrainedModel) -> int:
        """How many parameters of `model`, which it makes, the recipe leaves as they are: plan and gate count on it."""
        return 0 if self.family() else count_parameters(model)[0]

    def words(self) -> str:
        """One line that says what the arm is."""
        raise NotImplementedError

    def trained_as(self, training: Training) -> Training:
        """The study's training settings with this method's own on top."""
        own = {key: value for key in ("learning_rate", "epochs") if (value := getattr(self, key)) is not None}
        return training.model_copy(update=own)

    def make(self, bench: Bench, taught: Taught, seed: int) -> Made:
        """Make the model. The teacher in `taught` is not changed."""
        raise NotImplementedError
