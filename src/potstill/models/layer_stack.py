"""Finding the layers of any encoder, and making a smaller model of some of them."""

import copy
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from potstill.domain.errors import ModelError
from potstill.domain.layers import LayerPlan
from potstill.models.auto import model_from_config

NOT_BY_LAYER = ("pos_att_type",)
"""Lists in a config that are not by layer, though as long as a small model is deep (DeBERTa of two layers)."""


def modules_by_name(model: nn.Module) -> dict[str, nn.Module]:
    """The parts of a model by their dotted names, which torch gives without types."""
    return dict(cast(Iterable[tuple[str, nn.Module]], model.named_modules()))


def find_layer_stack(model: PreTrainedModel) -> str:
    """The dotted name of the one `ModuleList` that is as long as the config's `num_hidden_layers`.

    Raises:
        ModelError: there is none (ALBERT runs one shared layer many times), or more than one.
    """
    depth = model.config.num_hidden_layers
    lists = {name: part for name, part in modules_by_name(model).items() if isinstance(part, nn.ModuleList)}
    stacks = [name for name, layers in lists.items() if len(layers) == depth]
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


def prune_layers(teacher: PreTrainedModel, plan: LayerPlan, recorded: LayerPlan | None = None) -> PreTrainedModel:
    """A new model of the teacher's family with only the layers of `plan`, and all else (embeddings, pooler, head) as
    the teacher has it. The teacher is not touched, and no storage is shared with it.

    The layer map is kept in the config as `potstill_layers`, in the teacher's own indices; `recorded` is the map to
    keep instead where the teacher has itself lost layers on the way.

    Raises:
        ModelError: the teacher has another depth than the plan, or a kept layer does not fit where it would go
            (ModernBERT's layer 0 has no attention norm: dropping it would lose one silently).
    """
    if depth_of(teacher) != plan.depth:
        raise ModelError(f"the plan is for {plan.depth} layers, the teacher has {depth_of(teacher)}")
    stack = find_layer_stack(teacher)
    config = shrink(teacher.config, plan, recorded)
    student = model_from_config(config)
    try:
        student.load_state_dict(_select(teacher.state_dict(), stack, plan), strict=True)
    except RuntimeError as error:
        first = "" if plan.kept[0] == 0 else "; its first layer may be unlike the others: keep layer 0, and first"
        raise ModelError(f"the kept layers {plan} do not fit together{first}: {error}") from error
    return student


def shrink(config: PretrainedConfig, plan: LayerPlan, recorded: LayerPlan | None = None) -> PretrainedConfig:
    """A copy of `config` for the plan: per-layer lists are sliced with it, or a reload would rebuild other layers."""
    small = copy.deepcopy(config)
    for key, value in config.to_dict().items():
        by_layer = cast(list[Any], value) if isinstance(value, list) else []
        if len(by_layer) == plan.depth and key not in NOT_BY_LAYER:
            setattr(small, key, [by_layer[index] for index in plan.kept])
    small.num_hidden_layers = len(plan.kept)
    small.potstill_layers = (recorded or plan).model_dump(mode="json")
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
