"""transformers' Auto classes with types: what they give depends on the files, and transformers leaves it undeclared."""

from pathlib import Path
from typing import Any, cast

import torch
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

_CONFIG, _TOKENIZER = cast(Any, AutoConfig), cast(Any, AutoTokenizer)
_MODEL = cast(Any, AutoModelForSequenceClassification)


def read_config(folder: Path, num_labels: int | None = None) -> PretrainedConfig:
    """The config of a model folder, for so many labels where that is said."""
    return _CONFIG.from_pretrained(folder, **({} if num_labels is None else {"num_labels": num_labels}))


def read_model(folder: Path, config: PretrainedConfig) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """The classifier of a model folder in full precision, and the names of the parameters that its files lack.

    Those are random. Raises OSError, ValueError or RuntimeError where it does not open.
    """
    model, report = _MODEL.from_pretrained(
        folder, config=config, dtype=torch.float32, use_safetensors=True, output_loading_info=True
    )
    return model, tuple(sorted(report["missing_keys"]))


def model_from_config(config: PretrainedConfig) -> PreTrainedModel:
    """A random classifier."""
    return _MODEL.from_config(config)


def read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder. Raises OSError or ValueError where it does not open."""
    return _TOKENIZER.from_pretrained(folder)


def write_part(part: PreTrainedModel | PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a model, or a tokenizer, into a model folder."""
    cast(Any, part).save_pretrained(folder)
