"""BERT without padding: the tokens of many texts are the rows of one matrix, attention runs within each text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertForSequenceClassification, PreTrainedModel

from potstill.domain.errors import ModelError

TOKEN_BUDGET = 4096


@dataclass(frozen=True)
class _Linear:
    weight: Tensor
    bias: Tensor

    def __call__(self, inputs: Tensor) -> Tensor:
        return functional.linear(inputs, self.weight, self.bias)


@dataclass(frozen=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, inputs: Tensor) -> Tensor:
        return functional.layer_norm(inputs, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True)
class _Layer:
    """One encoder layer; query, key and value are one product."""

    heads: int
    attend: _Linear
    project: _Linear
    attention_norm: _Norm
    widen: _Linear
    narrow: _Linear
    output_norm: _Norm

    def __call__(self, hidden: Tensor, lengths: list[int]) -> Tensor:
        """Hidden states, (tokens, width), of texts of these `lengths`, one after another."""
        return self._after(_attention(self.attend(hidden), lengths, self.heads), hidden)

    def of_first_tokens(self, hidden: Tensor, starts: Tensor, lengths: list[int]) -> Tensor:
        """The same for the first token of each text alone, (texts, width): all that the head looks at."""
        width, first = hidden.shape[1], hidden[starts]
        query = functional.linear(first, self.attend.weight[:width], self.attend.bias[:width])
        keys_values = functional.linear(hidden, self.attend.weight[width:], self.attend.bias[width:])
        return self._after(_attention_of_first(query, keys_values, lengths, self.heads), first)

    def _after(self, attended: Tensor, hidden: Tensor) -> Tensor:
        """What works on each token by itself."""
        hidden = self.attention_norm(self.project(attended).add_(hidden))
        wide = functional.gelu(self.widen(hidden))
        return self.output_norm(self.narrow(wide).add_(hidden))


class PackedBert:
    """A BERT classifier's forward pass on rows of any lengths, with nothing computed on padding.

    The weights are copied as `dtype`; the model is not touched.

    Raises:
        ModelError: the model is not an absolute-position BERT with GELU: another family needs another forward pass.
    """

    def __init__(self, model: PreTrainedModel, dtype: torch.dtype = torch.float32) -> None:
        if not isinstance(model, BertForSequenceClassification) or model.config.hidden_act != "gelu":
            raise ModelError(f"only BERT with GELU runs packed, not {model.config.model_type}")
        self._dtype = dtype
        config, bert = model.config, model.bert
        embeddings = bert.embeddings
        self._word_vectors = self._copy(embeddings.word_embeddings.weight)
        # Every token is of the first segment: its embedding is the same for all positions.
        position_vectors = embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0]
        self._position_vectors = self._copy(position_vectors)
        self._norm = self._norm_of(embeddings.LayerNorm)
        self._layers = [self._layer_of(layer, config.num_attention_heads) for layer in bert.encoder.layer]
        assert bert.pooler is not None, "a sequence classifier has a pooler"
        self._pooler = self._linear_of(bert.pooler.dense)
        self._head = self._linear_of(model.classifier)

    @torch.inference_mode()
    def __call__(self, rows: Sequence[Sequence[int]], token_budget: int = TOKEN_BUDGET) -> Tensor:
        """Logits, (rows, labels) float32, of token ids; about `token_budget` tokens go through a layer at once."""
        logits = torch.empty(len(rows), len(self._head.bias))
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        for batch in _batches(order, [len(row) for row in rows], token_budget):
            logits[batch] = self._forward([rows[row] for row in batch])
        return logits

    def _forward(self, rows: list[Sequence[int]]) -> Tensor:
        lengths = [len(row) for row in rows]
        ids = torch.tensor([token for row in rows for token in row])
        positions = torch.cat([torch.arange(length) for length in lengths])
        hidden = self._norm(self._word_vectors[ids] + self._position_vectors[positions])
        for layer in self._layers[:-1]:
            hidden = layer(hidden, lengths)
        starts = torch.tensor([0, *lengths[:-1]]).cumsum(0)
        first = self._layers[-1].of_first_tokens(hidden, starts, lengths)
        return self._head(torch.tanh(self._pooler(first))).float()

    def _copy(self, weight: Tensor) -> Tensor:
        return weight.detach().to(self._dtype, copy=True)

    def _linear_of(self, *layers: nn.Linear) -> _Linear:
        return _Linear(
            self._copy(torch.cat([layer.weight for layer in layers])),
            self._copy(torch.cat([layer.bias for layer in layers])),
        )

    def _norm_of(self, norm: nn.LayerNorm) -> _Norm:
        return _Norm(self._copy(norm.weight), self._copy(norm.bias), norm.eps)

    def _layer_of(self, layer: nn.Module, heads: int) -> _Layer:
        def linear(*names: str) -> _Linear:
            return self._linear_of(*(cast(nn.Linear, layer.get_submodule(name)) for name in names))

        def norm(name: str) -> _Norm:
            return self._norm_of(cast(nn.LayerNorm, layer.get_submodule(name)))

        inner = "attention.self"
        return _Layer(
            heads=heads,
            attend=linear(f"{inner}.query", f"{inner}.key", f"{inner}.value"),
            project=linear("attention.output.dense"),
            attention_norm=norm("attention.output.LayerNorm"),
            widen=linear("intermediate.dense"),
            narrow=linear("output.dense"),
            output_norm=norm("output.LayerNorm"),
        )


def _attention(projected: Tensor, lengths: list[int], heads: int) -> Tensor:
    """Attention within each text, (tokens, width), from queries, keys and values, (tokens, 3 x width).

    Neighbours of equal length go through one call; torch's jagged attention is many times slower on a CPU.
    """
    width = projected.shape[1] // 3
    attended = projected.new_empty(projected.shape[0], width)
    start = 0
    for length, group in groupby(lengths):
        count = len(list(group))
        stop = start + count * length
        parts = projected[start:stop].view(count, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        by_head = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        attended[start:stop] = by_head.transpose(1, 2).reshape(stop - start, width)
        start = stop
    return attended


def _attention_of_first(query: Tensor, keys_values: Tensor, lengths: list[int], heads: int) -> Tensor:
    """Attention of each text's first token, (texts, width), to keys and values, (tokens, 2 x width)."""
    width = query.shape[1]
    attended = torch.empty_like(query)
    row = start = 0
    for length, group in groupby(lengths):
        count = len(list(group))
        parts = keys_values[start : start + count * length].view(count, length, 2, heads, width // heads)
        keys, values = parts.permute(2, 0, 3, 1, 4)
        queries = query[row : row + count].view(count, heads, 1, width // heads)
        by_head = functional.scaled_dot_product_attention(queries, keys, values)
        attended[row : row + count] = by_head.reshape(count, width)
        row, start = row + count, start + count * length
    return attended


def _batches(order: list[int], lengths: list[int], budget: int) -> list[list[int]]:
    """Runs of `order` whose rows hold at most `budget` tokens together, or one row."""
    batches: list[list[int]] = []
    room = 0
    for row in order:
        if lengths[row] > room:
            batches.append([])
            room = max(budget, lengths[row])
        batches[-1].append(row)
        room -= lengths[row]
    return batches
