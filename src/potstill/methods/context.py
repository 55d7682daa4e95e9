"""What every method is given, and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from potstill.domain.layers import LayerPlan
from potstill.domain.task import Task
from potstill.models.classifier import Classifier
from potstill.models.forward import TokenRows
from potstill.recipes.training import TrainingSettings
from potstill.training.batches import plan_batches
from potstill.training.loop import EpochScore, TrainResult, train
from potstill.training.objective import Distillation, Objective, TeacherOutputs


@dataclass(frozen=True)
class TrainingContext:
    """The rows of a study, laid out for a method: tokenised training rows, how to train, how to score.

    `token_budget` is what a training spends, where that is fixed; else its epochs say. A row without a label has
    UNLABELLED for it. `texts` are those of the rows, which `tokenizer` made of them; a method that brings a tokenizer
    of its own replaces both. Paths of encoders are relative to `root`. `score` measures a model on validation, asked
    after each epoch; `on_step` hears of each training step.
    """

    task: Task
    encoder: Path | None
    training: TrainingSettings
    rows: TokenRows
    labels: list[int] | list[list[int]]
    token_budget: int | None = None
    texts: Sequence[str] = ()
    tokenizer: PreTrainedTokenizerBase | None = None
    root: Path = Path(".")
    score: Callable[[Classifier], EpochScore] | None = None
    on_step: Callable[[], None] | None = None

    def steps(self, seed: int) -> int:
        """Steps of a training."""
        lengths, settings = [len(row) for row in self.rows], self.training
        return sum(map(len, plan_batches(lengths, settings.batch_size, seed, settings.epochs, self.token_budget)))

    def distillation(self, teacher: TeacherOutputs | None = None, **loss: Any) -> Distillation:
        """The usual objective for this task; without a teacher, and nothing more, cross-entropy on the labels."""
        return Distillation(teacher, self.task.multilabel, **loss)

    def fit(self, model: PreTrainedModel, seed: int, objective: Objective | None = None) -> TrainResult:
        """Train `model` in place on these rows; for cross-entropy on the labels, where no objective is given."""
        return train(
            model, self.rows, self.labels, self.training, seed=seed, objective=objective or self.distillation(),
            token_budget=self.token_budget, validate=self._validate if self.score else None, on_step=self.on_step,
        )  # fmt: skip

    def _validate(self, model: PreTrainedModel) -> EpochScore:
        assert self.score is not None, "asked only where there is one"
        assert self.tokenizer is not None, "what scores a model has to read texts for it"
        return self.score(Classifier(model, self.tokenizer))


@dataclass(frozen=True)
class TeacherSignal:
    """The teacher that methods start from, with its outputs on the training rows."""

    classifier: Classifier
    outputs: TeacherOutputs


@dataclass(frozen=True)
class TrainedModel:
    """A model that a method made, with what a reader of the table should know about how.

    `parameters` are those of the model, and those that were trained, adapters included; `save_adapter` writes the
    adapter beside the merged model.
    """

    classifier: Classifier
    parameters: tuple[int, int]
    training: TrainResult | None = None
    layers: LayerPlan | None = None
    audit: list[str] = field(default_factory=list[str])
    save_adapter: Callable[[Path], None] | None = None
