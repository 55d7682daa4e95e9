import pytest
import torch
from families import FAMILIES, tiny_of
from tiny import tiny_classifier

from potstill.domain.errors import ModelError
from potstill.models.classifier import count_parameters
from potstill.models.layer_calls import layers_of
from potstill.models.lora import add_lora
from potstill.models.lora_targets import implied_parameters, target_choices
from potstill.recipes.lora import Lora


@pytest.mark.parametrize("choice", ["query-value", "attention", "all"])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_counted_is_what_peft_trains(family: str, choice: str) -> None:
    model = tiny_of(family, layers=2).model
    settings = Lora(r=4, target_modules=target_choices(model)[choice])
    implied = implied_parameters(model, settings)
    with torch.device("meta"):
        assert implied == count_parameters(add_lora(model, settings, seed=0))[1]


def test_an_attention_that_is_not_known_names_what_there_is() -> None:
    model = tiny_classifier(layers=2).model
    for layer in layers_of(model):
        attention = layer.get_submodule("attention.self")
        attention.somewhere = attention.query
        del attention.query
    with pytest.raises(ModelError, match=r"name target_modules, of dense, key, somewhere, value"):
        target_choices(model)


def test_names_that_no_product_has_are_refused_with_those_that_there_are() -> None:
    settings = Lora(target_modules=["nowhere"])
    with pytest.raises(
        ModelError, match=r"called nowhere; target_modules are some of classifier, dense, key, query, val"
    ):
        implied_parameters(tiny_classifier().model, settings)
