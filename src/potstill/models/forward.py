"""Texts to token ids to padded batches to logits."""

from collections.abc import Callable, Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

TokenRows = list[list[int]]


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, max_length: int) -> TokenRows:
    """Token ids of each text, special tokens included, cut at `max_length`; at least one, see `blank_id`."""
    rows: TokenRows = tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"] if texts else []
    return [row or [blank_id(tokenizer)] for row in rows]


def blank_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that stands for a text without any, where the tokenizer adds none of its own: that with which a text
    begins or ends, as far as it has one."""
    ids = (getattr(tokenizer, f"{name}_token_id", None) for name in ("bos", "cls", "eos", "sep", "pad", "unk"))
    return next((number for number in ids if isinstance(number, int)), 0)


def pad(rows: Sequence[Sequence[int]], pad_id: int) -> dict[str, torch.Tensor]:
    """`input_ids` and `attention_mask`, both (rows, longest row) int64."""
    longest = max(len(row) for row in rows)
    return {
        "input_ids": torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in rows]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows]),
    }


def label_count(model: PreTrainedModel) -> int:
    """How many labels the model's head has."""
    return int(model.config.num_labels or 0)


def pad_id_of(model: PreTrainedModel) -> int:
    """The id that fills a batch up; 0 where the config names none, which the mask hides anyway."""
    return getattr(model.config, "pad_token_id", None) or 0


@torch.inference_mode()
def predict_logits(
    model: PreTrainedModel,
    rows: TokenRows,
    *,
    batch_size: int,
    on_rows: Callable[[int], None] | None = None,
) -> torch.Tensor:
    """Logits of every row in the order given, (n, labels) float32 on the CPU, computed in full precision.

    Batches are sorted by length so that hardly anything is padding; a model without a token for it reads row by row,
    since a decoder finds the end of a text by it. `on_rows` hears how many rows were done.
    """
    batch_size = batch_size if getattr(model.config, "pad_token_id", None) is not None else 1
    was_training = model.training
    model.eval()
    logits = torch.empty(len(rows), label_count(model))
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        inputs = pad([rows[row] for row in batch], pad_id_of(model))
        answer = model(**{name: tensor.to(model.device) for name, tensor in inputs.items()}).logits
        logits[batch] = answer.float().cpu()
        if on_rows:
            on_rows(len(batch))
    model.train(was_training)
    return logits
