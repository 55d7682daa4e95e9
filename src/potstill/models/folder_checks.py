"""Whether a folder is a model folder of a kind that opens here: its config, its weights, its tokenizer, nothing beside
them that would be taken in their place.

Only JSON and the heads of the weights are read, so that a study is refused before any work.
"""

import json
import re
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, cast

from potstill.domain.errors import ModelError, in_short, some_of
from potstill.models.folder_files import INDEX, WEIGHTS, TensorEntry, check_file, read_object, read_tensors

CONFIG = "config.json"
VOCABULARIES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
    "bpe.model", "source.spm",
)  # fmt: skip
"""Files of which a tokenizer is made: without any, transformers makes one that knows no word."""
MOST_OF = {"layers": 1_000, "labels": 100_000, "else": 100_000_000}
"""Numbers in a config beyond which no text classifier goes: a model of so many layers would be built for hours."""
PREFIX = re.compile(r"(module\.|_orig_mod\.)+")
"""What DataParallel and torch.compile put before every name of a model that is saved in their wrapping."""
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model.pt", "model.pt", "model.bin")
_LAYERS = re.compile(r"(num_)?(hidden_|encoder_|decoder_)?(n_)?layers?")
_INTEGERS = ("I8", "U8", "F8_E5M2", "F8_E4M3")
"""Types of quantised weights."""


def check_folder(folder: Path) -> dict[str, Any]:
    """The content of a model folder's config.json, where that and the weights are such that they may open.

    Raises:
        ModelError: the folder is of a kind that does not open, or one of its files is missing, damaged or cut off.
    """
    names = _names_in(folder)
    if "adapter_config.json" in names:
        raise ModelError(_adapter_message(folder, names))
    if CONFIG not in names:
        raise ModelError(_without_config(folder, names))
    config = read_object(folder / CONFIG)
    _check_config(folder / CONFIG, config)
    _check_weights(folder, names)
    return config


def check_tokenizer(folder: Path) -> None:
    """Raise ModelError where the files of a folder's tokenizer are missing, damaged or cut off."""
    names = _names_in(folder)
    vocabularies = [name for name in VOCABULARIES if name in names]
    for name in vocabularies:
        check_file(folder / name)
    for name in ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"):
        if name in names:
            read_object(folder / name)
    if not vocabularies:
        raise ModelError(
            f"{folder} has no tokenizer that opens: it holds none of {', '.join(VOCABULARIES[:4])}. Save the tokenizer "
            "that the model was trained with into it"
        )


def prefix_of(tensors: Collection[str]) -> str:
    """What a wrapping put before the names of all tensors of a file, such as `module.`; empty where there is none."""
    matches = [PREFIX.match(name) for name in tensors]
    return matches[0].group() if matches and matches[0] and all(matches) else ""


def _names_in(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir()}
    except OSError as error:
        raise ModelError(f"{folder} cannot be read as a model folder: {error.strerror}") from error


def _adapter_message(folder: Path, names: Collection[str]) -> str:
    adapter = read_object(folder / "adapter_config.json")
    base = in_short(str(adapter.get("base_model_name_or_path")), 80)
    kind = in_short(str(adapter.get("peft_type")), 20)
    if WEIGHTS in names or INDEX in names:
        return (
            f"{folder} holds a whole model and a {kind} adapter (adapter_config.json), and which is meant is unclear: "
            "move the adapter's files away, or merge it (docs/models.md has the lines)"
        )
    merged = folder.parent / "model"
    if merged != folder and (merged / CONFIG).is_file():
        return f"{folder} holds a {kind} adapter alone (adapter_config.json); the model with it merged is {merged}"
    return (
        f"{folder} holds a {kind} adapter (adapter_config.json) of {base}, not a whole model.\n"
        "Merge it, and name the new folder, with the tokenizer copied into it:\n"
        + _command("peft", "AutoPeftModelForSequenceClassification", folder, ".merge_and_unload()", "merged")
    )


def _command(library: str, opener: str, folder: Path, then: str, target: Path | str) -> str:
    """A line for the shell that opens a folder and saves the model elsewhere; `then` is a call in between."""
    opened = f"M.from_pretrained({json.dumps(str(folder))}){then}"
    code = f"from {library} import {opener} as M; {opened}.save_pretrained({json.dumps(str(target))})"
    return f"  python -c {shlex.quote(code)}"


def _without_config(folder: Path, names: Collection[str]) -> str:
    """What a folder without a config.json may be, and which folder may be meant."""
    if "bundle.json" in names:
        return f"{folder} is a bundle, not a model folder: `predict`, `score` and `serve` open it, nothing trains it"
    checkpoints = sorted(
        (name for name in names if re.fullmatch(r"checkpoint-\d+", name) and (folder / name / CONFIG).is_file()),
        key=lambda name: int(name.partition("-")[2]),
    )
    if checkpoints:
        return (
            f"{folder} holds no config.json but the checkpoints {some_of(checkpoints)}: name the best of them, such as "
            f"{folder / checkpoints[-1]} (the last; trainer_state.json in it names the best)"
        )
    inside = sorted(name for name in names if (folder / name / CONFIG).is_file())
    if inside:
        return f"{folder} holds no config.json, but {some_of(inside)} does: name {folder / inside[0]}"
    if ggufs := sorted(name for name in names if name.endswith(".gguf")):
        return (
            f"{folder} holds {ggufs[0]} alone: GGUF is made for other programs, and its weights are rounded; name the "
            "folder of the model that it was made from"
        )
    return f"{folder} has no config.json that opens: a model folder has config.json, {WEIGHTS} and a tokenizer"


def _check_config(path: Path, config: Mapping[str, Any]) -> None:
    if not isinstance(config.get("model_type"), str):
        raise ModelError(
            f"{path} does not say which family the model is of (model_type); take the config.json that the model was "
            "saved with"
        )
    if config.get("quantization_config") is not None:
        method = config["quantization_config"]
        kind = cast(dict[str, Any], method).get("quant_method") if isinstance(method, dict) else None
        raise ModelError(
            f"{path} says that the weights are quantised ({in_short(str(kind or 'quantization_config'), 40)}): name "
            "the model in full precision that it was made from; potstill export makes int8 engines of that"
        )
    _check_numbers(path, "", config)


def _check_numbers(path: Path, place: str, value: Any) -> None:
    """Raise ModelError for a number that no classifier has."""
    if isinstance(value, dict):
        for key, inner in cast(dict[str, Any], value).items():
            _check_numbers(path, key, inner)
    elif isinstance(value, int) and not isinstance(value, bool):
        kind = "layers" if _LAYERS.fullmatch(place) else "labels" if place == "num_labels" else "else"
        if abs(value) > MOST_OF[kind]:
            raise ModelError(
                f"{path}: {in_short(place, 40)} = {in_short(str(value), 30)} is more than any text classifier has"
            )


def _check_weights(folder: Path, names: Collection[str]) -> None:
    if WEIGHTS not in names and INDEX not in names:
        raise ModelError(_without_weights(folder, names))
    tensors = read_tensors(folder)
    for name, entry in tensors.items():
        _check_type(folder, name, entry)
    wrapped = [name for name in tensors if PREFIX.match(name)]
    if wrapped and not prefix_of(tensors):
        raise ModelError(
            f"{folder / tensors[wrapped[0]].file}: {len(wrapped)} of {len(tensors)} tensors have a wrapper's prefix "
            f"({in_short(wrapped[0], 80)}), the others do not; save the model itself, `model.module.save_pretrained`"
        )


def _check_type(folder: Path, name: str, entry: TensorEntry) -> None:
    if entry.dtype in _INTEGERS and name.endswith("weight"):
        raise ModelError(
            f"{folder / entry.file}: {in_short(name, 80)} is quantised ({entry.dtype}): name the model in full "
            "precision that it was made from; potstill export makes int8 engines of that"
        )


def _without_weights(folder: Path, names: Collection[str]) -> str:
    needed = f"{folder} holds no safetensors weights"
    if parts := sorted(name for name in names if name.endswith(".safetensors")):
        return (
            f"{needed} by the name {WEIGHTS}, and no {INDEX} that names {some_of(parts)}: download the index, or give "
            "the file its name"
        )
    if pickle := next((name for name in _PICKLES if name in names), None):
        return (
            f"{needed}, only {pickle}, a pickle, which can run code and is never loaded. If you trust it, convert it:\n"
            + _command("transformers", "AutoModelForSequenceClassification", folder, "", folder)
        )
    strange = {"tf_model.h5": "TensorFlow", "flax_model.msgpack": "Flax"}
    if name := next((name for name in strange if name in names), None):
        return (
            f"{needed}, only {name} of {strange[name]}, which transformers 5 no longer reads: convert it with "
            f"transformers 4 (from_pretrained(..., from_{'tf' if 'tf' in name else 'flax'}=True).save_pretrained)"
        )
    if name := next((name for name in sorted(names) if name.endswith((".gguf", ".onnx"))), None):
        return f"{needed}, only {name}, of which no model is trained: name the folder of the model it was made from"
    return f"{needed} (a model folder has config.json, {WEIGHTS} and a tokenizer)"
