"""Finding the layers of any encoder, and carving a smaller model out of them."""

import copy
from typing import cast

import torch
from torch import nn
from transformers import AutoModelForSequenceClassification, PretrainedConfig, PreTrainedModel

from potstill.domain.errors import ModelError
from potstill.domain.layers import LayerPlan

NOT_BY_LAYER = ("pos_att_type",)
"""Lists in a config that are not by layer, though as long as a small model is deep (DeBERTa of two layers)."""


def find_layer_stack(model: PreTrainedModel) -> str:
    """The dotted name of the one `ModuleList` that is as long as the config's `num_hidden_layers`.

    Raises:
        ModelError: there is none (ALBERT runs one shared layer many times), or more than one.
    """
    depth = model.config.num_hidden_layers
    stacks = [name for name, part in model.named_modules() if isinstance(part, nn.ModuleList) and len(part) == depth]
    if len(stacks) == 1:
        return stacks[0]
    family = model.config.model_type
    if not stacks:
        raise ModelError(
            f"{family}: no list of {depth} layers was found, so there is nothing to choose from "
            "(ALBERT, for one, applies a single shared layer many times)"
        )
    raise ModelError(
        f"{family}: several lists of {depth} layers were found ({', '.join(stacks)}); which one is unclear"
    )


def depth_of(model: PreTrainedModel) -> int:
    """Layers of the encoder."""
    return int(model.config.num_hidden_layers)


def carve(teacher: PreTrainedModel, plan: LayerPlan, named: LayerPlan | None = None) -> PreTrainedModel:
    """A new model of the teacher's family with only the layers of `plan`, and all else (embeddings, pooler, head) as
    the teacher has it. The teacher is not touched, and no storage is shared with it.

    The layer map is kept in the config as `potstill_layers`, in the teacher's own indices; `named` is the map to keep
    instead where the teacher was itself carved on the way.

    Raises:
        ModelError: the teacher has another depth than the plan, or a kept layer does not fit where it would go
            (ModernBERT's layer 0 has no attention norm: dropping it would lose one silently).
    """
    if depth_of(teacher) != plan.depth:
        raise ModelError(f"the plan is for {plan.depth} layers, the teacher has {depth_of(teacher)}")
    stack = find_layer_stack(teacher)
    config = shrink(teacher.config, plan, named)
    student = cast(PreTrainedModel, AutoModelForSequenceClassification.from_config(config))
    try:
        student.load_state_dict(_select(teacher.state_dict(), stack, plan), strict=True)
    except RuntimeError as error:
        first = "" if plan.kept[0] == 0 else "; its first layer may be unlike the others: keep layer 0, and first"
        raise ModelError(f"the kept layers {plan} do not fit together{first}: {error}") from error
    return student


def shrink(config: PretrainedConfig, plan: LayerPlan, named: LayerPlan | None = None) -> PretrainedConfig:
    """A copy of `config` for the plan: per-layer lists are sliced with it, or a reload would rebuild other layers."""
    small = copy.deepcopy(config)
    for key, value in config.to_dict().items():
        if isinstance(value, list) and len(value) == plan.depth and key not in NOT_BY_LAYER:
            setattr(small, key, [value[index] for index in plan.kept])
    small.num_hidden_layers = len(plan.kept)
    small.potstill_layers = (named or plan).model_dump(mode="json")
    return small


def _select(weights: dict[str, torch.Tensor], stack: str, plan: LayerPlan) -> dict[str, torch.Tensor]:
    chosen: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        if not name.startswith(f"{stack}."):
            chosen[name] = tensor
            continue
        index, _, rest = name.removeprefix(f"{stack}.").partition(".")
        if int(index) in plan.kept:
            chosen[f"{stack}.{plan.kept.index(int(index))}.{rest}"] = tensor
    return chosen
