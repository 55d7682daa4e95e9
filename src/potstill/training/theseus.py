"""Teacher blocks give way to student layers with a rising probability (Xu et al., 2020, "BERT-of-Theseus")."""

import copy
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from potstill.domain.errors import ModelError
from potstill.models.layer_calls import block_ranges, hidden_of, layers_of
from potstill.training.objective import Batch, Objective, Part


class Replacing:
    """Draws whether a student's layer replaces its block of the teacher's: with probability `rate`, the replacing rate.

    The draws come from a generator of their own: one from torch's would change the dropout of everything after it.
    """

    def __init__(self, seed: int) -> None:
        self.rate = 1.0
        self._draws = torch.Generator().manual_seed(seed)

    def replaces(self) -> bool:
        """Whether the student's layer takes the turn."""
        return self.rate >= 1 or float(torch.rand((), generator=self._draws)) < self.rate


class ReplaceableLayer(nn.Module):
    """A student's layer, or in training now and then the block of the teacher's layers whose place it is to take."""

    def __init__(self, student: nn.Module, block: list[nn.Module], replacing: Replacing) -> None:
        super().__init__()
        self.student = student
        self._block = tuple(block)  # a tuple: no part of this model, neither trained nor saved with it
        self._replacing = replacing

    def forward(self, hidden: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        """As the layer."""
        if not self.training or self._replacing.replaces():
            return self.student(hidden, *args, **kwargs)
        answer: Any = hidden
        for layer in self._block:
            answer = layer.to(hidden.device)(hidden_of(answer), *args, **kwargs)
        return answer


@contextmanager
def replaceable_layers(student: PreTrainedModel, teacher: PreTrainedModel, seed: int) -> Generator[Replacing]:
    """While the block runs, each layer of `student` shares its place with a block of copies of `teacher`'s layers.

    Raises:
        ModelError: the family calls its layers unlike each other, so that one cannot stand in for another.
    """
    layers, blocks = layers_of(student), copy.deepcopy(layers_of(teacher)).requires_grad_(False).eval()
    if len({getattr(layer, "attention_type", None) for layer in blocks}) > 1:
        raise ModelError(
            f"{student.config.model_type} has layers of several kinds, which cannot stand in for each other"
        )
    replacing = Replacing(seed)
    kept = list(layers)
    for index, block in enumerate(block_ranges(len(blocks), len(kept))):
        layers[index] = ReplaceableLayer(kept[index], [blocks[layer] for layer in block], replacing)
    try:
        yield replacing
    finally:
        for index, layer in enumerate(kept):
            layers[index] = layer


class Theseus:
    """`inner`, with a replacing rate that rises evenly from `start` to 1 over `steps` steps and stays there."""

    def __init__(self, inner: Objective, replacing: Replacing, *, start: float, steps: int) -> None:
        self._inner, self._replacing, self._start, self._steps = inner, replacing, start, steps

    def __call__(self, model: PreTrainedModel, batch: Batch, step: int) -> Mapping[str, Part]:
        """What `inner` says of the mixed model."""
        share = min(1.0, step / self._steps) if self._steps else 1.0
        self._replacing.rate = self._start + (1 - self._start) * share
        return self._inner(model, batch, step)
