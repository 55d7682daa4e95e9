"""The smallest real models: random BERTs of a few layers with a real WordPiece tokenizer, made in a moment."""

from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from potstill.models.classifier import Classifier

ODD_TEXTS = [
    "",
    " \n\t ",
    "👍🏽 👩‍👩‍👧 ok",
    "مرحبا بك في الحديقة",
    "שלום עולם",
    "tab\tnul-ish \x01\x7f\x9f \u202e reversed",
    "half a pair \ud83d and \udc4d",
    "zero\u200bwidth",
    "you are a fool " * 2500,
]
"""Texts that break things: empty, emoji, right to left, control characters, lone surrogates, ten thousand words."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["good", "bad", "fool", "thanks", "you", "are", "a", "the", "patch", "is", "not"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """WordPiece over letters and a few words."""
    ids = {token: index for index, token in enumerate(dict.fromkeys(VOCABULARY))}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    specials = [("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=specials)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )


def tiny_config(layers: int = 4, labels: int = 2) -> BertConfig:
    """A BERT of hidden size 32."""
    config = BertConfig(
        vocab_size=len(tiny_tokenizer()), hidden_size=32, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    config.num_labels = labels
    return config


def tiny_classifier(layers: int = 4, labels: int = 2, seed: int = 0) -> Classifier:
    """A random classifier."""
    torch.manual_seed(seed)
    return Classifier(BertForSequenceClassification(tiny_config(layers, labels)).eval(), tiny_tokenizer())


def tiny_encoder(folder: Path, layers: int = 4, seed: int = 0) -> Path:
    """A random encoder without a head, saved as one comes from a hub."""
    torch.manual_seed(seed)
    BertModel(tiny_config(layers)).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def comments(rows: int, seed: int = 0) -> tuple[list[str], list[int]]:
    """Texts that a tiny model can learn: `fool` is toxic unless `not` stands before it."""
    generator = torch.Generator().manual_seed(seed)
    texts: list[str] = []
    labels: list[int] = []
    for row in range(rows):
        filler = [WORDS[int(torch.randint(len(WORDS), (), generator=generator))] for _ in range(3)]
        filler = [word for word in filler if word not in ("fool", "not")]
        kind = row % 3
        harmless = ["good"] if row % 2 else []  # sometimes nothing: else what is not "good" would be toxic enough
        said = ["fool"] if kind == 0 else ["not", "fool"] if kind == 1 else harmless
        serial = "".join(LETTERS[int(digit)] for digit in str(row))
        texts.append(" ".join([*filler, *said, serial]))
        labels.append(int(kind == 0))
    return texts, labels
