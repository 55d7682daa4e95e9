"""Watching a model's layers at work, and putting others in their place."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from potstill.domain.errors import ModelError
from potstill.models.layer_stack import find_layer_stack


@dataclass(frozen=True)
class LayerCall:
    """How one layer was called and what it gave; hidden states are (rows, tokens, width).

    `args` and `kwargs` are what stood beside the hidden states: masks, positions.
    """

    hidden_in: Tensor
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    answer: Any

    @property
    def hidden_out(self) -> Tensor:
        """The hidden states that the layer gave; some families give more beside them."""
        return hidden_of(self.answer)


def hidden_of(answer: Any) -> Tensor:
    """The hidden states in a layer's answer."""
    return cast(tuple[Tensor, ...], answer)[0] if isinstance(answer, tuple) else answer


def layers_of(model: PreTrainedModel) -> nn.ModuleList:
    """The encoder's layers. Raises ModelError as `find_layer_stack` does."""
    return cast(nn.ModuleList, model.get_submodule(find_layer_stack(model)))


@contextmanager
def watched(model: PreTrainedModel) -> Generator[dict[int, LayerCall]]:
    """While the block runs, what each layer was last called with and gave, by its index."""
    calls: dict[int, LayerCall] = {}

    def watch(index: int, layer: nn.Module) -> Any:
        def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], answer: Any) -> None:
            if not args or not isinstance(args[0], Tensor):
                raise ModelError(_not_by_itself(model))
            calls[index] = LayerCall(args[0], args[1:], kwargs, answer)

        return layer.register_forward_hook(hook, with_kwargs=True)

    hooks = [watch(index, layer) for index, layer in enumerate(layers_of(model))]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def layer_calls(model: PreTrainedModel, inputs: dict[str, Tensor]) -> dict[int, LayerCall]:
    """What each layer is called with and gives while the model reads `inputs`, by its index.

    Raises:
        ModelError: the layers cannot be found, or hand on something else than hidden states of (rows, tokens, width),
            as those of XLNet and Longformer do: none of them could be called by itself.
    """
    with watched(model) as calls:
        model(**inputs)
    shape, layers = inputs["input_ids"].shape, layers_of(model)
    states = [state for call in calls.values() for state in (call.hidden_in, call.hidden_out)]
    if len(calls) != len(layers) or any(state.ndim != 3 or state.shape[:2] != shape for state in states):
        raise ModelError(_not_by_itself(model))
    return calls


def _not_by_itself(model: PreTrainedModel) -> str:
    return (
        f"{model.config.model_type}: its layers do not hand on hidden states of (rows, tokens, width), so they cannot "
        "be tried by themselves: name those that a student keeps"
    )


@contextmanager
def layers_replaced(model: PreTrainedModel, layers: list[nn.Module]) -> Generator[None]:
    """While the block runs, `model` has these layers."""
    name = find_layer_stack(model)
    holder, _, attribute = name.rpartition(".")
    before = model.get_submodule(name)
    setattr(model.get_submodule(holder), attribute, nn.ModuleList(layers))
    try:
        yield
    finally:
        setattr(model.get_submodule(holder), attribute, before)


class ConstantLayer(nn.Module):
    """A layer that gives one answer, whatever it reads: what stands behind the layers can then be run by itself."""

    def __init__(self, like: nn.Module, answer: Any) -> None:
        super().__init__()
        self._answer = answer
        self.attention_type = getattr(like, "attention_type", None)  # ModernBERT asks its layers for theirs

    def forward(self, *_: Any, **__: Any) -> Any:
        """The answer."""
        return self._answer


def block_ranges(depth: int, count: int) -> list[range]:
    """`depth` layers cut into `count` blocks of neighbours, as equal as can be, the longer ones first."""
    if not 1 <= count <= depth:
        raise ValueError(f"{depth} layers do not make {count} blocks")
    short, longer = divmod(depth, count)
    starts = [block * short + min(block, longer) for block in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(starts)]


@torch.no_grad()
def block_states(teacher: PreTrainedModel, inputs: dict[str, Tensor], blocks: list[range], match: str) -> list[Tensor]:
    """What a student's layers should give: of each block of the teacher's layers the last one's hidden states, or the
    mean over all of them, (rows, tokens, width)."""
    teacher.to(inputs["input_ids"].device)  # type: ignore[arg-type]
    calls = layer_calls(teacher, inputs)
    by_block = [torch.stack([calls[layer].hidden_out.float() for layer in block]) for block in blocks]
    return [states[-1] if match == "last" else states.mean(0) for states in by_block]
