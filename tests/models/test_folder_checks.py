"""Whatever is wrong with a model folder ends in one error of at most three lines that names it and the way out."""

import json
from pathlib import Path

import pytest
import torch
from odd_folders import (
    CONFIG,
    POINTER,
    TOKENIZER,
    WEIGHTS,
    Make,
    adapter,
    checkpoints,
    configured,
    masked_words,
    misplace,
    more_tokens,
    named,
    plain,
    renamed,
    replaced_by,
    sentence_encoder,
    shards,
    tagger,
    truncated,
    weights,
    with_file,
    without,
)

from potstill.domain.errors import ModelError
from potstill.models.predictor import open_predictor

INDEX = f"{WEIGHTS}.index.json"
SECOND = "model-00002-of-"
NO_TOKENIZER = without(TOKENIZER, "tokenizer_config.json")


def decision(*labels: str, max_length: int) -> str:
    """The content of a potstill.json."""
    task = {"labels": labels, "positive": labels[1] if len(labels) == 2 else None}
    return json.dumps({"task": task, "calibration": {}, "max_length": max_length})


ODD: dict[str, tuple[Make, str]] = {
    "lfs weights": (with_file(WEIGHTS, POINTER), r"model\.safetensors is a pointer of git-lfs.*`git lfs pull`"),
    "lfs config": (with_file(CONFIG, POINTER), r"config\.json is a pointer of git-lfs"),
    "lfs tokenizer": (with_file(TOKENIZER, POINTER), r"tokenizer\.json is a pointer of git-lfs"),
    "lfs tokenizer config": (with_file("tokenizer_config.json", POINTER), r"tokenizer_config\.json is a pointer"),
    "lfs decision": (with_file("potstill.json", POINTER), r"potstill\.json is a pointer of git-lfs"),
    "half the weights": (truncated(WEIGHTS), r"model\.safetensors was cut off: [\d,]+ bytes, not [\d,]+; download"),
    "half the config": (truncated(CONFIG), r"config\.json is not JSON: .*download or save it again"),
    "half the tokenizer": (truncated(TOKENIZER), r"tokenizer\.json is damaged .*download or save it again"),
    "empty weights": (with_file(WEIGHTS, ""), r"model\.safetensors is empty"),
    "empty config": (with_file(CONFIG, ""), r"config\.json is empty"),
    "empty tokenizer": (with_file(TOKENIZER, ""), r"tokenizer\.json is empty"),
    "seven bytes": (with_file(WEIGHTS, b"1234567"), r"model\.safetensors is not a safetensors file"),
    "no tensors": (with_file(WEIGHTS, b"\x02\0\0\0\0\0\0\0{}"), r"model\.safetensors holds no tensors"),
    "deep JSON": (with_file(CONFIG, "[" * 100_000), r"config\.json is not JSON"),
    "a list": (with_file(CONFIG, "[]"), r"config\.json is not a JSON object but a list"),
    "byte-order mark": (with_file(CONFIG, b"\xef\xbb\xbf{}"), r"config\.json begins with a byte-order mark: save"),
    "UTF-16": (with_file(CONFIG, '{"a": 1}'.encode("utf-16")), r"config\.json begins with a byte-order mark"),
    "NaN": (with_file(CONFIG, '{"model_type": "bert", "layer_norm_eps": NaN}'), r"NaN is not a number of JSON"),
    "latin letters": (with_file(CONFIG, '{"a": "ä"}'.encode("latin-1")), r"config\.json is not JSON"),
    "config is a folder": (replaced_by(CONFIG, "folder"), r"config\.json is a folder, where a file should be"),
    "weights are a folder": (replaced_by(WEIGHTS, "folder"), r"model\.safetensors is a folder"),
    "tokenizer is a folder": (replaced_by(TOKENIZER, "folder"), r"tokenizer\.json is a folder"),
    "a pipe": (replaced_by(WEIGHTS, "pipe"), r"model\.safetensors is a pipe or a device"),
    "a loop of links": (replaced_by(CONFIG, "loop"), r"config\.json cannot be read"),
    "pickle": (without(WEIGHTS, put={"pytorch_model.bin": "x"}), r"a pickle, which can run code.*\n  python -c 'fr"),
    "TensorFlow": (without(WEIGHTS, put={"tf_model.h5": "x"}), r"only tf_model\.h5 of TensorFlow.*from_tf=True"),
    "Flax": (without(WEIGHTS, put={"flax_model.msgpack": "x"}), r"only flax_model\.msgpack of Flax.*from_flax=True"),
    "GGUF": (without(WEIGHTS, put={"a.gguf": "x"}), r"only a\.gguf, of which no model is trained"),
    "GGUF alone": (without(WEIGHTS, CONFIG, put={"a.gguf": "x"}), r"holds a\.gguf alone"),
    "no weights": (without(WEIGHTS), r"holds no safetensors weights \(a model folder has"),
    "another name": (
        lambda folder: (plain(folder) / WEIGHTS).rename(folder / "best.safetensors"), r"index\.json that names best",
    ),
    "no config": (without(CONFIG), r"has no config\.json that opens: a model folder has"),
    "no tokenizer": (NO_TOKENIZER, r"has no tokenizer that opens.* Save the tokenizer that the model was trained with"),
    "checkpoints": (checkpoints, r"the checkpoints checkpoint-500, checkpoint-1000: name the best .*/checkpoint-1000"),
    "one inside": (lambda folder: plain(folder / "0_Transformer"), r"but 0_Transformer does: name .*/0_Transformer"),
    "a bundle": (without(CONFIG, WEIGHTS, put={"bundle.json": "{}"}), r"is a bundle, not a model folder"),
    "adapter": (adapter, r"a LORA adapter .* not a whole model\.\nMerge it.*\n  python -c 'from peft"),
    "adapter beside": (lambda folder: adapter(folder, beside=(CONFIG,)), r"a LORA adapter .*not a whole model"),
    "adapter in model": (lambda folder: adapter(folder, beside=(CONFIG, WEIGHTS)), r"which is meant is unclear: move"),
    "masked words": (masked_words, r"not a fine-tuned classifier: .*would be random\. Name it as \[teacher\] encoder"),
    "sentences": (sentence_encoder, r"it is a sentence encoder without a head"),
    "SetFit": (lambda folder: sentence_encoder(folder, "model_head.pkl"), r"SetFit keeps its head in a pickle"),
    "tagger": (tagger, r"saved as BertForTokenClassification \(architectures\), which is no classifier of texts"),
    "family unknown": (configured(model_type="berd"), r"knows no family 'berd'"),
    "family without": (configured(model_type="whisper"), r"transformers has no text classifier"),
    "no family": (configured(model_type=None), r"does not say which family"),
    "quantised": (configured(quantization_config={"quant_method": "gptq"}), r"the weights are quantised \(gptq\)"),
    "int8": (
        weights(lambda t: {**t, "classifier.weight": t["classifier.weight"].to(torch.int8)}), r"is quantised \(I8\)",
    ),
    "thousand layers": (configured(num_hidden_layers=10**7), r"num_hidden_layers = 10000000 is more than any"),
    "vast vocabulary": (configured(vocab_size=10**12), r"vocab_size = 1000000000000 is more"),
    "more layers": (configured(num_hidden_layers=3), r"a bert of 3 layers, the weights are of 2: take the config"),
    "fewer layers": (configured(num_hidden_layers=1), r"a bert of 1 layers, the weights are of 2: take the config"),
    "other width": (configured(hidden_size=64), r"is .* in the weights and .* by config\.json: take the config"),
    "other vocabulary": (configured(vocab_size=99), r"word_embeddings\.weight is \d+ x 32 in the weights and 99 x 32"),
    "other positions": (configured(max_position_embeddings=512), r"position_embeddings.* is 64 x 32 .* and 512 x 32"),
    "unused": (
        weights(lambda t: {**t, "dense2.weight": torch.ones(2, 2)}), r"hold dense2\.weight, which the bert of config",
    ),
    "lacking": (
        weights(lambda t: {n: w for n, w in t.items() if "word_emb" not in n}), r"the weights lack bert\.embeddings",
    ),
    "other names": (renamed(lambda name: f"model.{name}"), r"the weights lack .* and hold model\.bert.* instead"),
    "half wrapped": (
        renamed(lambda name: name if "classifier" in name else f"module.{name}"), r"have a wrapper's prefix \(module\.",
    ),
    "NaN weights": (
        weights(lambda t: {**t, "classifier.weight": t["classifier.weight"] * float("nan")}), r"holds NaN or infinity",
    ),
    "a shard missing": (
        lambda folder: shards(folder, lambda f: next(f.glob(f"{SECOND}*")).unlink()), rf"{SECOND}.* is missing, one",
    ),
    "a shard outside": (
        lambda folder: shards(folder, lambda f: misplace(f, "../base/model.safetensors")), r"not a safetensors file",
    ),
    "a shard of pickles": (
        lambda folder: shards(folder, lambda f: misplace(f, "pytorch_model.bin")), r"is not a safetensors file",
    ),
    "no weight map": (
        lambda folder: shards(folder, lambda f: (f / INDEX).write_text("{}")), r"index\.json has no weight_map",
    ),
    "one output": (configured(1), r"a single output, as regressions .*row of zeros; docs/models\.md"),
    "one sigmoid": (configured(1, **named("toxic", several=True)), r"a single output \('toxic', a sigmoid\)"),
    "regression": (configured(problem_type="regression"), r"is of a regression \(problem_type\)"),
    "unknown problem": (configured(problem_type="multilabel"), r'problem_type "multilabel" is none of single_label'),
    "list of names": (configured(id2label=["a", "b"]), r'id2label is a list: write "id2label": {"0": "a", "1": "b"}'),
    "names turned": (configured(id2label={"b": 1, "a": 0}), r'turned round.*write "id2label": {"0": "a", "1": "b"}'),
    "a gap": (configured(3, id2label={"0": "a", "2": "b", "3": "c"}), r"names 3 labels, but none of number 1"),
    "too few names": (configured(3, **named("a", "b")), r"a head of 3 labels, where config\.json names 2"),
    "too many names": (configured(2, **named("a", "b", "c")), r"a head of 2 labels, where config\.json names 3"),
    "no names": (configured(2, id2label={}, label2id={}), r"id2label names no label: write it as"),
    "a name twice": (configured(3, **named("a", "b", "a")), r"calls labels 0 and 2 both 'a'"),
    "name of nothing": (configured(id2label={"0": "a", "1": None}), r"calls label 1 null: give it a name"),
    "name of an object": (configured(id2label={"0": "a", "1": {}}), r"calls label 1 {}: give it a name"),
    "an empty name": (configured(**named("a", " ")), r"calls label 1 \" \": give it a name that can be printed"),
    "escape sequence": (configured(**named("a", "\x1b[31mb")), r"calls label 1 \"\\u001b\[31mb\""),
    "a line break": (configured(**named("a", "b\nc")), r"calls label 1 \"b\\nc\""),
    "our own word": (configured(3, **named("a", "b", "none", several=True)), r'called "none", as is a text'),
    "contradiction": (configured(id2label={"0": "a", "1": "b"}, label2id={"a": 1, "b": 0}), r"contradict each other"),
    "more tokens": (more_tokens, r"the tokenizer has \[USER\], \[URL\], up to id \d+, the model's embed"),
    "damaged decision": (with_file("potstill.json", "{}"), r"potstill\.json is damaged: task: Field required"),
    "another's decision": (
        with_file("potstill.json", decision("a", "b", "c", max_length=9)), r"of the labels a, b, c, .* of LABEL_0, L",
    ),
    "long decision": (
        with_file("potstill.json", decision("a", "b", max_length=512)), r"max_length 512 is more than the 64 tokens",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_an_odd_folder_ends_in_one_error_that_names_it_and_the_way_out(case: str, tmp_path: Path) -> None:
    make, message = ODD[case]
    make(tmp_path / "model")
    with pytest.raises(ModelError, match=rf"(?s){message}") as refused:
        open_predictor(str(tmp_path / "model"))
    lines = str(refused.value).splitlines()
    assert len(lines) <= 3
    assert all(len(line) < 600 and line.isprintable() for line in lines)
    assert str(tmp_path) in lines[0]
