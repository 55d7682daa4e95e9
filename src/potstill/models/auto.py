"""transformers' Auto classes with types: what they give depends on the files, and transformers leaves it undeclared.

The one door through which a model folder is opened. A folder can name Python files of its own (`auto_map`), and
transformers asks on the terminal whether to run them unless it is told not to: here it always is. Whatever else is
wrong with a folder ends in a ModelError: what is common is found before transformers looks, and whatever that raises of
the rest is said in a line.
"""

import json
import logging
import re
from pathlib import Path
from typing import Any, cast

import torch
from tokenizers import Tokenizer
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from potstill.domain.errors import ModelError, in_short
from potstill.models.folder_checks import CONFIG, check_folder, check_tokenizer, prefix_of
from potstill.models.folder_files import read_tensors
from potstill.models.label_names import check_label_map
from potstill.models.weights_report import WeightsReport, check_finite, check_report

log = logging.getLogger(__name__)

_CONFIG, _TOKENIZER = cast(Any, AutoConfig), cast(Any, AutoTokenizer)
_MODEL, _RNG = cast(Any, AutoModelForSequenceClassification), cast(Any, torch.random)


def read_config(folder: Path, num_labels: int | None = None) -> PretrainedConfig:
    """The config of a model folder, for so many labels where that is said.

    Raises:
        ModelError: it or the weights beside it cannot open, or it is of a family that only code in the folder knows.
    """
    content = check_folder(folder)
    family = content["model_type"]
    if family not in CONFIG_MAPPING:
        _check_no_code(folder)
        raise ModelError(f"{folder / CONFIG}: transformers knows no family {in_short(family, 40)!r} (model_type)")
    check_label_map(folder / CONFIG, content)
    labels = {} if num_labels is None else {"num_labels": num_labels}
    try:
        config = _CONFIG.from_pretrained(folder, trust_remote_code=False, **labels)
    except Exception as error:  # whatever a library makes of values that it did not expect
        _check_no_code(folder)
        raise ModelError(f"{folder / CONFIG} does not open: {in_short(error)}") from error
    if type(config) not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING:
        raise ModelError(
            f"{folder / CONFIG} is of a {in_short(family, 40)}, of which transformers has no text classifier"
        )
    return config


def read_model(
    folder: Path, config: PretrainedConfig, *, is_encoder: bool = False
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """The classifier of a model folder in full precision, and the names of the parameters that its files lack.

    Those are random. An encoder (`is_encoder`) has no head yet, and may bring another that is left out.

    Raises:
        ModelError: it does not open, or its weights are not those of the model that the config describes.
    """
    check_weights(folder, config, is_encoder=is_encoder)
    model, report = _read(folder, config)
    check_finite(folder, model)
    if prefix := prefix_of(read_tensors(folder)):
        log.warning("%s: every weight is named %s..., as a wrapped model's is: the prefix is left out", folder, prefix)
        vars(model).pop("_weight_conversions", None)  # by which transformers would put it back where the model is saved
    return model, report.missing


def check_weights(folder: Path, config: PretrainedConfig, *, is_encoder: bool = False) -> tuple[str, ...]:
    """Compare the names and shapes of a folder's weights with the model's, without reading them; the names of those of
    a head that are lacking. Raises as `read_model` does."""
    with _RNG.fork_rng(devices=[]):  # or a head that is drawn by a seed would be another
        model, report = _read(folder, config, device="meta")
    check_report(folder, model, report, is_encoder=is_encoder)
    return report.missing


def _read(folder: Path, config: PretrainedConfig, device: str | None = None) -> tuple[PreTrainedModel, WeightsReport]:
    prefix = prefix_of(read_tensors(folder))
    try:
        model, report = _MODEL.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # it is told more clearly by `check_report`
            key_mapping={f"^{re.escape(prefix)}": ""} if prefix else None,
            device_map=device,
            trust_remote_code=False,
        )
    except Exception as error:  # its own, torch's, those of safetensors, and whatever odd values make Python raise
        raise ModelError(f"{folder} does not open as a text classifier: {in_short(error)}") from error
    unlike = tuple(sorted((name, tuple(there), tuple(wanted)) for name, there, wanted in report["mismatched_keys"]))
    missing, unused = (tuple(sorted(report[key])) for key in ("missing_keys", "unexpected_keys"))
    return model, WeightsReport(missing, unused, unlike)


def model_from_config(config: PretrainedConfig) -> PreTrainedModel:
    """A random classifier."""
    return _MODEL.from_config(config, trust_remote_code=False)


def read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder.

    Raises:
        ModelError: it does not open, or only code in the folder can read it.
    """
    check_tokenizer(folder)
    try:
        return _TOKENIZER.from_pretrained(folder, trust_remote_code=False)
    except BaseException as error:
        # Where the Rust core gives up it raises a PanicException, which is no Exception.
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        _check_no_code(folder)
        why = _reason_of_file(folder / "tokenizer.json") or in_short(error)
        raise ModelError(f"{folder} has no tokenizer that opens: {why}") from error


def _reason_of_file(path: Path) -> str:
    """What is wrong with a tokenizer.json by itself; empty where there is none, or it opens."""
    if not path.is_file():
        return ""
    try:
        Tokenizer.from_file(str(path))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return f"{path.name} is damaged ({in_short(error)}); download or save it again"
    return ""


def _check_no_code(folder: Path) -> None:
    """Raise ModelError where the folder asks for Python files of its own."""
    for name in (CONFIG, "tokenizer_config.json"):
        try:
            asks = "auto_map" in json.loads((folder / name).read_bytes())
        except (OSError, ValueError, TypeError):
            continue
        if asks:
            raise ModelError(
                f"{folder / name} asks for code of its own (auto_map), which potstill never runs; use a model of a "
                "family that transformers has"
            )


def write_part(part: PreTrainedModel | PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a model, or a tokenizer, into a model folder."""
    cast(Any, part).save_pretrained(folder)
