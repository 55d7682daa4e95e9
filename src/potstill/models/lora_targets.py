"""Which parts of a model LoRA adapts, and how much that trains, counted without peft: a plan would wait for it."""

from collections.abc import Sequence

from torch import nn
from transformers import PreTrainedModel

from potstill.domain.errors import ModelError
from potstill.models.layer_stack import find_layer_stack, modules_by_name
from potstill.recipes.adapter import AdapterRecipe

ATTENTION = (
    ("query", "key", "value"), ("query_proj", "key_proj", "value_proj"), ("q_lin", "k_lin", "v_lin"), ("q", "k", "v"),
    ("Wqkv",),
)  # fmt: skip
"""What families call the projections of attention; ModernBERT has all three in one."""
HEADS = ("classifier", "score")
"""How the names of those modules end that peft trains in full beside the adapters of a classifier."""


def attention_targets(model: PreTrainedModel) -> list[str]:
    """The names of the query and value projections in this family's layers. Raises ModelError where none is known."""
    return target_choices(model)["query-value"]


def target_choices(model: PreTrainedModel) -> dict[str, list[str]]:
    """The modules of each choice, in this family's names. Raises ModelError where its attention is not known."""
    stack = find_layer_stack(model)
    names = {
        name.rpartition(".")[2]
        for name, part in modules_by_name(model).items()
        if name.startswith(f"{stack}.") and isinstance(part, nn.Linear)
    }
    for attention in ATTENTION:
        if names.issuperset(attention):
            outer = [attention[0], attention[-1]] if len(attention) > 1 else list(attention)
            return {"query-value": outer, "attention": list(attention), "all": sorted(names)}
    raise ModelError(
        f"LoRA on {model.config.model_type}: its query and value projections are not known; name target_modules, of "
        f"{', '.join(sorted(names))}"
    )


def implied_parameters(model: PreTrainedModel, recipe: AdapterRecipe, fresh: Sequence[str] = ()) -> int:
    """How many parameters such a recipe trains on a model without adapters: r rows and columns for each product that is
    adapted, and all of the head and of what came random. `audit` refuses a training that counts others.

    Raises:
        ModelError: the family's attention is not known, or it has no product of any name that the recipe gives.
    """
    targets = set(recipe.target_modules or attention_targets(model))
    modules = modules_by_name(model)
    heads = {name for name in modules if name.endswith(HEADS)} | {name.rpartition(".")[0] for name in fresh}
    saved = heads if recipe.trains_head() else set[str]()
    # What is trained in full gets no adapter, whatever it is called: RoBERTa's head has a `dense` as its layers have.
    whole = {f"{name}.{inner}".rstrip(".") for name in saved for inner in modules_by_name(modules[name])}
    targeted = [part for name, part in modules.items() if name.rpartition(".")[2] in targets and name not in whole]
    products = [part for part in targeted if isinstance(part, nn.Linear)]
    if not products:
        linear = {name.rpartition(".")[2] for name, part in modules.items() if isinstance(part, nn.Linear)}
        raise ModelError(
            f"LoRA on {model.config.model_type}: none of its products is called {' or '.join(sorted(targets))}; "
            f"target_modules are some of {', '.join(sorted(linear))}"
        )
    count = sum(recipe.r * (part.in_features + part.out_features) for part in products)
    weights = {id(p): p.numel() for name in saved for p in modules[name].parameters()}
    return count + sum(weights.values())
