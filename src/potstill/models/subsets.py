"""What a model answers with some of its layers left out: every common beginning of the choices is computed once."""

from collections.abc import Callable, Collection, Sequence
from itertools import combinations

import torch
from torch import Tensor
from transformers import PreTrainedModel

from potstill.models.forward import TokenRows, label_count, pad, pad_id_of
from potstill.models.layer_calls import ConstantLayer, LayerCall, hidden_of, layer_calls, layers_of, layers_replaced

Subset = tuple[int, ...]
"""Layers that are kept, ascending, counted from 0."""


def all_subsets(depth: int, size: int) -> list[Subset]:
    """Every choice of `size` of `depth` layers, in lexical order."""
    return list(combinations(range(depth), size))


def beginnings(subsets: Collection[Subset]) -> set[Subset]:
    """Every beginning of every choice: so many layers are applied. 12 choose 6 has 924 choices, which are 5,544 layers
    one by one, and 1,715 beginnings."""
    return {subset[:length] for subset in subsets for length in range(1, len(subset) + 1)}


@torch.inference_mode()
def subset_logits(
    model: PreTrainedModel, rows: TokenRows, subsets: Sequence[Subset], on_layer: Callable[[], None] | None = None
) -> Tensor:
    """Logits of one batch of rows with each choice of layers, (subsets, rows, labels) float32 on the CPU.

    They are those of models with these layers alone. The tree of beginnings is walked depth first: no more hidden
    states are kept than a choice has layers. `on_layer` is called after each application of a layer.

    Raises:
        ModelError: the model's layers cannot be found, or not be called by themselves.
    """
    model.eval()
    inputs = {name: tensor.to(model.device) for name, tensor in pad(rows, pad_id_of(model)).items()}
    calls = layer_calls(model, inputs)
    layers, places = list(layers_of(model)), {subset: place for place, subset in enumerate(subsets)}
    children: dict[Subset, list[int]] = {}
    for beginning in sorted(beginnings(subsets)):
        children.setdefault(beginning[:-1], []).append(beginning[-1])
    logits = torch.empty(len(subsets), len(rows), label_count(model))

    def walk(kept: Subset, hidden: Tensor) -> None:
        for layer in children.get(kept, []):
            call, longer = calls[layer], (*kept, layer)
            answer = layers[layer](hidden, *call.args, **call.kwargs)
            if on_layer:
                on_layer()
            if longer in places:
                with layers_replaced(model, [ConstantLayer(layers[-1], answer)]):
                    logits[places[longer]] = model(**inputs).logits.float().cpu()
            walk(longer, hidden_of(answer))

    walk((), calls[0].hidden_in)
    return logits


@torch.inference_mode()
def block_influence(model: PreTrainedModel, rows: TokenRows) -> list[float]:
    """How much each layer changes what it is given: 1 minus the cosine between the hidden states before and after it,
    averaged over real tokens (Men et al., 2024, "ShortGPT"). Of one batch of rows."""
    model.eval()
    inputs = {name: tensor.to(model.device) for name, tensor in pad(rows, pad_id_of(model)).items()}
    calls = layer_calls(model, inputs)
    real = inputs["attention_mask"].bool()
    return [_influence(calls[layer], real) for layer in range(len(calls))]


def _influence(call: LayerCall, real: Tensor) -> float:
    same = torch.nn.functional.cosine_similarity(call.hidden_in[real].float(), call.hidden_out[real].float(), dim=-1)
    return float((1 - same).mean())
