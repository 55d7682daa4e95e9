"""Odd model folders, each after something that people have or that a download leaves, made of a tiny classifier."""

import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from peft import LoraConfig, TaskType, get_peft_model
from safetensors.torch import load_file, save_file
from tiny import tiny_classifier, tiny_config, tiny_encoder, tiny_tokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    BertForMaskedLM,
    BertForTokenClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    PreTrainedTokenizerFast,
)

from potstill.models.auto import write_part

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 437955512\n"
Make = Callable[[Path], object]


@cache
def _originals() -> Path:
    """Classifiers of some numbers of labels, saved once."""
    folder = Path(mkdtemp())
    for labels in (1, 2, 3):
        classifier = tiny_classifier(layers=2, labels=labels)
        write_part(classifier.model, folder / str(labels))
        write_part(classifier.tokenizer, folder / str(labels))
    return folder


def plain(folder: Path, labels: int = 2) -> Path:
    """A tiny classifier, as it should be."""
    shutil.copytree(_originals() / str(labels), folder)
    return folder


def edit(path: Path, **changes: object) -> None:
    """Change keys of a file of JSON; None takes a key away."""
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def configured(labels: int = 2, **changes: object) -> Make:
    """A classifier whose config.json is changed."""
    return lambda folder: edit(plain(folder, labels) / CONFIG, **changes)


def named(*names: str, several: bool = False) -> dict[str, Any]:
    """The keys of a config for these labels."""
    labels = {str(number): name for number, name in enumerate(names)}
    return {"id2label": labels, "label2id": {}, "problem_type": "multi_label_classification" if several else None}


def with_file(name: str, content: str | bytes) -> Make:
    """A classifier one of whose files has another content."""

    def make(folder: Path) -> None:
        path = plain(folder) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return make


def without(*names: str, put: dict[str, str] | None = None) -> Make:
    """A classifier without some files, and with others in their place."""

    def make(folder: Path) -> None:
        plain(folder)
        for name in names:
            (folder / name).unlink()
        for name, content in (put or {}).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(content)

    return make


def weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Make:
    """A classifier whose tensors are changed."""

    def make(folder: Path) -> None:
        path = plain(folder) / WEIGHTS
        save_file(change(load_file(path)), path, {"format": "pt"})

    return make


def renamed(change: Callable[[str], str]) -> Make:
    """A classifier whose tensors have other names."""
    return weights(lambda tensors: {change(name): tensor for name, tensor in tensors.items()})


def truncated(name: str) -> Make:
    """A classifier one of whose files is cut off in the middle."""

    def make(folder: Path) -> None:
        path = plain(folder) / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return make


def byte_pairs() -> PreTrainedTokenizerFast:
    """A tokenizer that adds no special tokens and has no padding: GPT-2's kind."""
    pairs = Tokenizer(models.BPE())
    pairs.pre_tokenizer, pairs.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = ["Thanks for the quick review.", "You are an idiot."] * 20
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=["<end>"], initial_alphabet=alphabet)
    pairs.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=pairs, eos_token="<end>", bos_token="<end>")


def decoder(folder: Path) -> Path:
    """A decoder under a head, which finds the end of a text by the token that fills a batch up, and names none."""
    torch.manual_seed(0)
    tokenizer = byte_pairs()
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=100, n_embd=32, n_layer=2, n_head=2, eos_token_id=0)
    write_part(GPT2ForSequenceClassification(config).eval(), folder)
    write_part(tokenizer, folder)
    return folder


def adapter(folder: Path, *, base: Path | None = None, beside: tuple[str, ...] = ()) -> None:
    """A LoRA adapter alone, of a classifier in `base`; with files of that `beside` it."""
    base = base or plain(folder.parent / "base")
    model = tiny_classifier(layers=2).model
    settings = LoraConfig(task_type=TaskType.SEQ_CLS, r=2, target_modules=["query", "value"])
    with_lora = get_peft_model(model, settings)
    with torch.no_grad():
        for name, parameter in with_lora.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn_like(parameter))
    with_lora.save_pretrained(str(folder))
    edit(folder / "adapter_config.json", base_model_name_or_path=str(base))
    for name in (*beside, TOKENIZER, "tokenizer_config.json"):
        shutil.copy(base / name, folder / name)


def shards(folder: Path, spoil: Callable[[Path], object] = lambda _: None) -> None:
    """A classifier in several files, spoilt afterwards."""
    classifier = tiny_classifier(layers=2)
    classifier.model.save_pretrained(folder, max_shard_size="30KB")
    write_part(classifier.tokenizer, folder)
    spoil(folder)


def misplace(folder: Path, name: str) -> None:
    """Let the index of shards name another file for one tensor."""
    path = folder / f"{WEIGHTS}.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["classifier.bias"] = name
    path.write_text(json.dumps(index))


def masked_words(folder: Path) -> None:
    """A pretrained encoder, whose head fills gaps."""
    write_part(BertForMaskedLM(tiny_config(layers=2)), folder)
    write_part(tiny_tokenizer(), folder)


def tagger(folder: Path) -> None:
    """A model that labels each token, with everything that a classifier of texts has."""
    write_part(BertForTokenClassification(tiny_config(layers=2)), folder)
    tensors = load_file(plain(folder.parent / "classifier") / WEIGHTS)
    save_file(tensors, folder / WEIGHTS, {"format": "pt"})
    write_part(tiny_tokenizer(), folder)


def more_tokens(folder: Path) -> Path:
    """A classifier whose tokenizer learnt words that the embedding has no rows for."""
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["[USER]", "[URL]"], special_tokens=True)
    write_part(tokenizer, plain(folder))
    return folder


def checkpoints(folder: Path) -> None:
    """What a Trainer leaves."""
    for step in (500, 1000):
        plain(folder / f"checkpoint-{step}")


def replaced_by(name: str, kind: str) -> Make:
    """A classifier with something else than a file in the place of one."""

    def make(folder: Path) -> None:
        (plain(folder) / name).unlink()
        match kind:
            case "folder":
                (folder / name).mkdir()
            case "loop":
                (folder / name).symlink_to(name)
            case "pipe":
                os.mkfifo(folder / name)

    return make


def sentence_encoder(folder: Path, *extra: str) -> None:
    """A bare encoder as sentence-transformers saves it, and SetFit with a pickle for a head."""
    tiny_encoder(folder, layers=2)
    for name in ("modules.json", *extra):
        (folder / name).write_text("[]")
