"""Whether the weights in a folder are those of the model that its config describes."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor
from transformers import PreTrainedModel

from potstill.domain.errors import ModelError, in_short, some_of

HARMLESS = re.compile(r"(^|\.)(pooler\.|position_ids$|token_type_ids$|rotary_emb\.inv_freq$)")
"""Weights that a checkpoint may hold beside those that its classifier uses."""
_LAYER = re.compile(r"(^|\.)(layers?|h|block|blocks)\.(\d+)\.")


@dataclass(frozen=True)
class WeightsReport:
    """What transformers says about the weights of a folder: which the model uses and the files lack, which they hold
    and it does not use, and which have another shape in the files (name, shape there, shape in the model)."""

    missing: tuple[str, ...]
    unused: tuple[str, ...]
    unlike: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]


def check_report(folder: Path, model: PreTrainedModel, report: WeightsReport, *, is_encoder: bool) -> None:
    """Refuse what would open with weights that are random or left out.

    An encoder has no head yet, and may bring another. A classifier whose head alone is missing is left to the caller,
    who knows whether it is to be trained.

    Raises:
        ModelError: weights of the layers or of the embeddings are missing, or of another shape; or the files hold some
            that the model does not use.
    """
    family, layers = model.config.model_type, model.config.num_hidden_layers
    if report.unlike:
        raise ModelError(_other_shape(folder, report, is_encoder))
    body = [name for name in report.missing if _is_of_body(model, name) and not HARMLESS.search(name)]
    unused = [name for name in report.unused if not HARMLESS.search(name)]
    if is_encoder:
        unused = [name for name in unused if _is_of_body(model, name)]
    depths = _depths(unused), _depths(body)
    if depths[0] and not depths[1]:
        raise ModelError(
            f"{folder}: config.json describes a {family} of {layers} layers, the weights are of "
            f"{max(depths[0]) + 1}: take the config.json that they were saved with"
        )
    if depths[1] and not depths[0] and len(depths[1]) < layers:
        raise ModelError(
            f"{folder}: config.json describes a {family} of {layers} layers, the weights are of "
            f"{min(depths[1])}: take the config.json that they were saved with"
        )
    if body:
        raise ModelError(
            f"{folder}: the weights lack {some_of(body)} of the {family} that config.json describes"
            + (f", and hold {some_of(unused, 2)} instead" if unused else "")
            + ": take the files that were saved together"
        )
    if unused and not report.missing:
        raise ModelError(
            f"{folder}: the weights hold {some_of(unused)}, which the {family} of config.json does not use: it would "
            "answer otherwise than what was trained. Save the model again, or take the config.json it was saved with"
        )


def check_finite(folder: Path, model: PreTrainedModel) -> None:
    """Raise ModelError for weights that are not numbers, which half precision and a training gone wrong leave."""
    for name, weights in _weights(model):
        if not bool(weights.isfinite().all()):
            raise ModelError(f"{folder}: {name} holds NaN or infinity: the model was damaged in training or in saving")


def _weights(model: PreTrainedModel) -> list[tuple[str, Tensor]]:
    return [(name, parameter.detach()) for name, parameter in model.named_parameters()]


def _other_shape(folder: Path, report: WeightsReport, is_encoder: bool) -> str:
    name, there, wanted = next((each for each in report.unlike if not each[0].endswith("bias")), report.unlike[0])
    has = f"{folder}: {in_short(name, 80)} is {_shape(there)} in the weights"
    if _is_head(name) and is_encoder:
        return (
            f"{has}, a head of {there[0]} labels where {wanted[0]} are needed: name it as [teacher] model if its "
            "labels are the data's, else take the pretrained encoder that it was made from"
        )
    if _is_head(name):
        return f"{has}: a head of {there[0]} labels, where config.json names {wanted[0]}: give each a name in id2label"
    return f"{has} and {_shape(wanted)} by config.json: take the config.json that the weights were saved with"


def _shape(shape: Collection[int]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _is_head(name: str) -> bool:
    return name.startswith(("classifier", "score", "classification_head"))


def _is_of_body(model: PreTrainedModel, name: str) -> bool:
    """Whether a name is of the model below the head: a checkpoint of a bare encoder leaves its prefix out."""
    prefix = f"{model.base_model_prefix}."
    inner = name.removeprefix(prefix)
    parts = {part for part, _ in model.base_model.named_children()}
    return name.startswith(prefix) or inner.partition(".")[0] in parts


def _depths(names: Collection[str]) -> set[int]:
    """The numbers of the layers that the names are of."""
    return {int(match.group(3)) for name in names if (match := _LAYER.search(name))}
