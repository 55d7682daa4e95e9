"""A tiny random classifier of every family of encoders that is supported."""

from collections.abc import Callable

import torch
from tiny import tiny_tokenizer
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
    MPNetConfig,
    PretrainedConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from potstill.models.classifier import Classifier

VOCABULARY = len(tiny_tokenizer())
SIZES = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64,
    "max_position_embeddings": 66, "pad_token_id": 0,
}  # fmt: skip


def _usual(kind: Callable[..., PretrainedConfig], **more: object) -> Callable[[int], PretrainedConfig]:
    return lambda layers: kind(num_hidden_layers=layers, **SIZES, **more)


FAMILIES: dict[str, Callable[[int], PretrainedConfig]] = {
    "bert": _usual(BertConfig),
    "roberta": _usual(RobertaConfig),
    "xlm-roberta": _usual(XLMRobertaConfig),
    "electra": _usual(ElectraConfig, embedding_size=16),
    "mpnet": _usual(MPNetConfig),
    "deberta-v2": _usual(DebertaV2Config, relative_attention=True, pos_att_type=["p2c", "c2p"], pooler_hidden_size=32),
    "distilbert": lambda layers: DistilBertConfig(
        vocab_size=VOCABULARY, dim=32, n_layers=layers, n_heads=2, hidden_dim=64, max_position_embeddings=66
    ),
    "modernbert": _usual(
        ModernBertConfig, global_attn_every_n_layers=3, cls_token_id=2, sep_token_id=3, bos_token_id=2, eos_token_id=3
    ),
}


def tiny_of(family: str, layers: int = 4, labels: int = 2, seed: int = 0) -> Classifier:
    """A random classifier of this family."""
    torch.manual_seed(seed)
    config = FAMILIES[family](layers)
    config.num_labels = labels
    return Classifier(AutoModelForSequenceClassification.from_config(config).eval(), tiny_tokenizer())
