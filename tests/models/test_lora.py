from typing import cast

import pytest
import torch
from tiny import tiny_classifier
from transformers import BertConfig, PreTrainedModel

from potstill.domain.errors import GateError, ModelError
from potstill.models.auto import model_from_config
from potstill.models.classifier import count_parameters, logits_of
from potstill.models.lora import add_lora, audit, merge, peft_line
from potstill.models.lora_targets import implied_parameters
from potstill.recipes.lora import Lora

SETTINGS = Lora(r=8, lora_alpha=32, lora_dropout=0.1, target_modules=["query", "value"])


def test_bert_base_gets_the_published_number_of_adapter_parameters() -> None:
    with torch.device("meta"):
        base = model_from_config(BertConfig())
        model = add_lora(base, SETTINGS, seed=0)
    adapters = sum(p.numel() for name, p in model.named_parameters() if "lora_" in name)
    assert adapters == 294_912
    assert count_parameters(model)[1] == 296_450
    # The assignment froze the head: the same model then counts as its notebook printed it.
    for name, parameter in model.named_parameters():
        parameter.requires_grad = "lora_" in name
    everything_but_the_copy = 109_483_778 + 294_912
    assert everything_but_the_copy == 109_778_690
    assert f"{100 * count_parameters(model)[1] / everything_but_the_copy:.4f}" == "0.2686"


def test_the_audit_counts_adapters_and_head() -> None:
    base = tiny_classifier(layers=2).model
    implied = implied_parameters(base, SETTINGS.model_copy(update={"target_modules": None}))
    model = add_lora(base, SETTINGS, seed=0)
    lines = audit(model, ["classifier.weight", "classifier.bias"], implied)
    assert lines[0].startswith("trainable params: ")
    # 2 layers x 2 matrices x 8 x (32 + 32), and a head of 2 x 32 + 2
    assert lines[1] == "trained: 2,048 in adapters, 66 in the head"
    assert peft_line(model) == lines[0]


def test_a_random_head_that_stays_frozen_is_refused() -> None:
    model = add_lora(tiny_classifier().model, SETTINGS, seed=0)
    for name, parameter in model.named_parameters():
        if "classifier" in name:
            parameter.requires_grad = False
    with pytest.raises(GateError, match=r"leave classifier\.weight random and frozen"):
        audit(model, ["classifier.weight"], 0)


def test_other_parameters_than_the_recipe_implies_are_refused() -> None:
    base = tiny_classifier().model
    implied = implied_parameters(base, SETTINGS.model_copy(update={"target_modules": None}))
    model = add_lora(base, SETTINGS, seed=0)
    next(iter(model.parameters())).requires_grad = True
    with pytest.raises(GateError, match=rf"would be trained, the recipe implies {implied:,}"):
        audit(model, [], implied)


def test_a_head_that_is_not_trained_stays_frozen_and_counts_for_nothing() -> None:
    base, settings = tiny_classifier(layers=2).model, SETTINGS.model_copy(update={"train_head": False})
    implied = implied_parameters(base, settings)
    model = add_lora(base, settings, seed=0)
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == {
        name for name, _ in model.named_parameters() if "lora_" in name
    }
    assert count_parameters(model)[1] == implied == 2048


def test_the_same_seed_gives_the_same_adapters() -> None:
    drawn = [dict(add_lora(tiny_classifier().model, SETTINGS, seed=seed).named_parameters()) for seed in (0, 0, 1)]
    adapters = [name for name in drawn[0] if "lora_A" in name]
    assert all(torch.equal(drawn[0][name], drawn[1][name]) for name in adapters)
    assert not any(torch.equal(drawn[0][name], drawn[2][name]) for name in adapters)


def test_a_module_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ModelError, match="LoRA on bert"):
        add_lora(tiny_classifier().model, SETTINGS.model_copy(update={"target_modules": ["nowhere"]}), seed=0)


def test_merging_gives_a_plain_model_with_the_same_answers() -> None:
    start = tiny_classifier(layers=2)
    model = add_lora(start.model, SETTINGS, seed=0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.1)
    before = logits_of(type(start)(cast(PreTrainedModel, model), start.tokenizer), ["you are a fool"], max_length=32)
    plain, proof = merge(model, start.tokenizer, max_length=32)
    assert not any("lora" in name for name, _ in plain.named_parameters())
    assert "no probe's logit moved" in proof
    moved = logits_of(type(start)(plain, start.tokenizer), ["you are a fool"], max_length=32)
    assert not torch.equal(moved, logits_of(tiny_classifier(layers=2), ["you are a fool"], max_length=32))
    assert torch.allclose(moved, before, atol=1e-4)
