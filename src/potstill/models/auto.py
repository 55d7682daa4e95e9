"""transformers' Auto classes with types: what they give depends on the files, and transformers leaves it undeclared.

The one door through which a model folder is opened. A folder can name Python files of its own (`auto_map`), and
transformers asks on the terminal whether to run them unless it is told not to: here it always is.
"""

import json
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

from potstill.domain.errors import ModelError

_CONFIG, _TOKENIZER = cast(Any, AutoConfig), cast(Any, AutoTokenizer)
_MODEL = cast(Any, AutoModelForSequenceClassification)


def read_config(folder: Path, num_labels: int | None = None) -> PretrainedConfig:
    """The config of a model folder, for so many labels where that is said.

    Raises:
        ModelError: it does not open, or it is of a family that only code in the folder knows.
    """
    labels = {} if num_labels is None else {"num_labels": num_labels}
    try:
        return _CONFIG.from_pretrained(folder, trust_remote_code=False, **labels)
    except (OSError, ValueError) as error:
        _check_no_code(folder)
        raise ModelError(f"{folder} has no config.json that opens: {error}") from error


def read_model(folder: Path, config: PretrainedConfig) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """The classifier of a model folder in full precision, and the names of the parameters that its files lack.

    Those are random. Raises OSError, ValueError or RuntimeError where it does not open.
    """
    model, report = _MODEL.from_pretrained(
        folder,
        config=config,
        dtype=torch.float32,
        use_safetensors=True,
        output_loading_info=True,
        trust_remote_code=False,
    )
    return model, tuple(sorted(report["missing_keys"]))


def model_from_config(config: PretrainedConfig) -> PreTrainedModel:
    """A random classifier."""
    return _MODEL.from_config(config, trust_remote_code=False)


def read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder.

    Raises:
        ModelError: it does not open, or only code in the folder can read it.
    """
    try:
        return _TOKENIZER.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        _check_no_code(folder)
        raise ModelError(f"{folder} has no tokenizer that opens: {error}") from error


def _check_no_code(folder: Path) -> None:
    """Raise ModelError where the folder asks for Python files of its own."""
    for name in ("config.json", "tokenizer_config.json"):
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
