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


class Crew:
    """Tosses the coins: `probability` is that of a student's layer standing in for its block of the teacher's.

    The coins come from a generator of their own: a draw from torch's would change the dropout of everything after it.
    """

    def __init__(self, seed: int) -> None:
        self.probability = 1.0
        self._coins = torch.Generator().manual_seed(seed)

    def replaces(self) -> bool:
        """Whether the student's layer takes the turn."""
        return self.probability >= 1 or float(torch.rand((), generator=self._coins)) < self.probability


class Plank(nn.Module):
    """A student's layer, or in training now and then the block of the teacher's layers whose place it is to take."""

    def __init__(self, student: nn.Module, block: list[nn.Module], crew: Crew) -> None:
        super().__init__()
        self.student = student
        self._block = tuple(block)  # a tuple: no part of this model, neither trained nor saved with it
        self._crew = crew

    def forward(self, hidden: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        """As the layer."""
        if not self.training or self._crew.replaces():
            return self.student(hidden, *args, **kwargs)
        answer: Any = hidden
        for layer in self._block:
            answer = layer.to(hidden.device)(hidden_of(answer), *args, **kwargs)
        return answer


@contextmanager
def shipped(student: PreTrainedModel, teacher: PreTrainedModel, seed: int) -> Generator[Crew]:
    """While the block runs, each layer of `student` shares its place with a block of copies of `teacher`'s layers.

    Raises:
        ModelError: the family calls its layers unlike each other, so that one cannot stand in for another.
    """
    layers, others = layers_of(student), copy.deepcopy(layers_of(teacher)).requires_grad_(False).eval()
    if len({getattr(layer, "attention_type", None) for layer in others}) > 1:
        raise ModelError(f"{student.config.model_type} has layers of several kinds, which cannot stand in for another")
    crew = Crew(seed)
    kept = list(layers)
    for index, block in enumerate(block_ranges(len(others), len(kept))):
        layers[index] = Plank(kept[index], [others[layer] for layer in block], crew)
    try:
        yield crew
    finally:
        for index, layer in enumerate(kept):
            layers[index] = layer


class Theseus:
    """`inner`, with a probability that rises evenly from `start` to 1 over `steps` steps and stays there."""

    def __init__(self, inner: Objective, crew: Crew, *, start: float, steps: int) -> None:
        self._inner, self._crew, self._start, self._steps = inner, crew, start, steps

    def __call__(self, model: PreTrainedModel, batch: Batch, step: int) -> Mapping[str, Part]:
        """What `inner` says of the mixed model."""
        share = min(1.0, step / self._steps) if self._steps else 1.0
        self._crew.probability = self._start + (1 - self._start) * share
        return self._inner(model, batch, step)
