"""What a training step minimises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from potstill.recipes.student import HiddenLoss
from potstill.training.losses import hidden_state_loss, logit_cosine_loss, soft_label_loss, soft_target_loss

UNLABELLED = -100
"""Stands in a row's targets where nobody knows its label: cross-entropy leaves the row out."""


@dataclass(frozen=True)
class Batch:
    """Some of the training rows: their places among all of them, the model's inputs, the labels."""

    rows: Sequence[int]
    inputs: dict[str, Tensor]
    targets: Tensor


@dataclass(frozen=True)
class Part:
    """One summand of a loss before it is weighted, a mean over rows."""

    weight: float
    value: Tensor


class Objective(Protocol):
    """The parts of the loss of `model` on a batch, at a step counted from 0."""

    def __call__(self, model: PreTrainedModel, batch: Batch, step: int) -> Mapping[str, Part]: ...


@dataclass(frozen=True)
class TeacherOutputs:
    """What a teacher answers on the training rows.

    `logits` is (rows, labels) float32, computed once. `model` is only needed, and only run, where hidden states are
    looked at: those of all rows would not fit on a disk.
    """

    logits: Tensor
    model: PreTrainedModel | None = None


@dataclass(frozen=True)
class Distillation:
    """ce_weight * cross-entropy on the labels + kl_weight * KL to the teacher's softened answers at `temperature` +
    cosine_weight * cosine of the logits + hidden_weight * the last hidden states (Hinton et al., 2015; Sanh et al.,
    2019). With the defaults it is plain fine-tuning.

    With `multilabel` the labels of a row are a 0 or 1 for each label, and the first two parts are those of the labels'
    sigmoids, averaged over labels.

    Raises:
        ValueError: a part that needs a teacher without one.
    """

    teacher: TeacherOutputs | None = None
    multilabel: bool = False
    ce_weight: float = 1.0
    kl_weight: float = 0.0
    temperature: float = 1.0
    cosine_weight: float = 0.0
    hidden_weight: float = 0.0
    hidden_loss: HiddenLoss = "cosine"

    def __post_init__(self) -> None:
        if (self.kl_weight or self.cosine_weight) and self.teacher is None:
            raise ValueError("kl_weight and cosine_weight need a teacher")
        if self.hidden_weight and (self.teacher is None or self.teacher.model is None):
            raise ValueError("hidden_weight needs a teacher's model")

    def __call__(self, model: PreTrainedModel, batch: Batch, step: int) -> Mapping[str, Part]:
        """The parts that have a weight, and cross-entropy always, for the record."""
        answer = model(**batch.inputs, output_hidden_states=bool(self.hidden_weight))
        logits = answer.logits.float()
        parts = {"ce": Part(self.ce_weight, self._cross_entropy(logits, batch.targets))}
        if self.teacher is None:
            return parts
        wanted = self.teacher.logits[list(batch.rows)].to(logits.device)
        if self.kl_weight:
            divergence = soft_label_loss if self.multilabel else soft_target_loss
            parts["kl"] = Part(self.kl_weight, divergence(logits, wanted, self.temperature))
        if self.cosine_weight:
            parts["cosine"] = Part(self.cosine_weight, logit_cosine_loss(logits, wanted))
        if self.hidden_weight and self.teacher.model:
            state = _last_state(self.teacher.model, batch.inputs)
            hidden, mask = answer.hidden_states[-1], batch.inputs["attention_mask"]
            distance = hidden_state_loss(hidden.float(), state.float(), mask, self.hidden_loss)
            parts["hidden"] = Part(self.hidden_weight, distance)
        return parts

    def _cross_entropy(self, logits: Tensor, targets: Tensor) -> Tensor:
        known = targets.reshape(len(targets), -1)[:, 0] != UNLABELLED
        if not known.all():
            if not known.any():
                return logits.sum() * 0
            logits, targets = logits[known], targets[known]
        if self.multilabel:
            return functional.binary_cross_entropy_with_logits(logits, targets.float())
        return functional.cross_entropy(logits, targets)


@torch.no_grad()
def _last_state(teacher: PreTrainedModel, inputs: dict[str, Tensor]) -> Tensor:
    """The teacher's last hidden states, (rows, tokens, hidden)."""
    teacher.to(inputs["input_ids"].device)  # type: ignore[arg-type]
    return teacher(**inputs, output_hidden_states=True).hidden_states[-1]
