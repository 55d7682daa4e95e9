"""The last layer computed for the first token alone: the answer is the same, and most of that layer's work is saved."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from potstill.models.layer_stack import find_layer_stack

FAMILIES = ("bert", "camembert", "electra", "roberta", "xlm-roberta")
"""Families whose classification head reads the first token and whose layers are built as BERT's."""


@contextmanager
def first_token_only(model: PreTrainedModel) -> Generator[None]:
    """While the block runs, the last layer of `model` reads all tokens and gives only the first, (rows, 1, width).

    Every step after its attention works on each token by itself, and the head looks at the first: five sixths of the
    layer's products (queries, projection and feed-forward) would be thrown away. A model of another family is left as
    it is, and so is a decoder, whose first token sees no other. Only for rows without padding: the mask is not looked
    at.
    """
    if model.config.model_type not in FAMILIES or getattr(model.config, "is_decoder", False):
        yield
        return
    layer = cast(nn.ModuleList, model.get_submodule(find_layer_stack(model)))[-1]
    attention = layer.get_submodule("attention")
    layer.attention = _FirstTokenAttention(attention)
    try:
        yield
    finally:
        layer.attention = attention


class _FirstTokenAttention(nn.Module):
    """In the place of BertAttention: what the first token takes from all, projected and normalised."""

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.own = attention.get_submodule("self")
        self.project = attention.get_submodule("output")
        self.heads = cast(int, self.own.num_attention_heads)

    def forward(self, hidden_states: Tensor, *_: object, **__: object) -> tuple[Tensor, None]:
        """(rows, 1, width) and no weights, of hidden states, (rows, length, width)."""
        first = hidden_states[:, :1]
        query, key, value = (
            self._split(self.own.get_submodule(name)(states))
            for name, states in (("query", first), ("key", hidden_states), ("value", hidden_states))
        )
        # By plain products: the exported form of torch's fused attention guards against masks, which none has here.
        shares = torch.softmax(query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5, dim=-1)
        return self.project((shares @ value).transpose(1, 2).flatten(2), first), None

    def _split(self, states: Tensor) -> Tensor:
        """(rows, heads, length, width of a head)."""
        return cast(Tensor, states.unflatten(-1, (self.heads, -1))).transpose(1, 2)
