from typing import Any

import pytest
import torch
from tiny import tiny_classifier, tiny_tokenizer
from torch import nn
from transformers import (
    BertConfig,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from potstill.models.first_token import first_token_only
from potstill.models.layer_stack import find_layer_stack, modules_by_name

SIZES: dict[str, Any] = {
    "vocab_size": len(tiny_tokenizer()), "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 64,
}  # fmt: skip
IDS = torch.randint(5, 60, (4, 17), generator=torch.Generator().manual_seed(0))


def models() -> dict[str, PreTrainedModel]:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]  # torch gives it no type
    return {
        "bert": tiny_classifier(layers=3).model,
        "roberta": RobertaForSequenceClassification(RobertaConfig(**SIZES)),
        "electra": ElectraForSequenceClassification(ElectraConfig(**SIZES, embedding_size=32)),
    }


def last_layer(model: PreTrainedModel) -> nn.Module:
    stack = model.get_submodule(find_layer_stack(model))
    assert isinstance(stack, nn.ModuleList)
    return stack[-1]


def types_of(model: PreTrainedModel) -> dict[str, type[nn.Module]]:
    return {name: type(part) for name, part in modules_by_name(model).items()}


@pytest.mark.parametrize("family", ["bert", "roberta", "electra"])
@torch.inference_mode()
def test_the_answer_is_the_same_and_one_token_is_computed(family: str) -> None:
    model = models()[family].eval()
    wanted = model(input_ids=IDS).logits
    before = types_of(model)
    shapes: list[torch.Size] = []
    hook = last_layer(model).register_forward_hook(lambda _, __, given: shapes.append(given.shape))
    with first_token_only(model):
        logits = model(input_ids=IDS).logits
    hook.remove()
    assert torch.allclose(logits, wanted, atol=1e-6)
    assert shapes == [(4, 1, 32)]
    assert types_of(model) == before
    assert torch.equal(model(input_ids=IDS).logits, wanted)


@torch.inference_mode()
def test_another_family_is_left_as_it_is() -> None:
    config = DistilBertConfig(vocab_size=90, dim=32, n_layers=2, n_heads=2, hidden_dim=64)
    model = DistilBertForSequenceClassification(config).eval()
    wanted = model(input_ids=IDS).logits
    with first_token_only(model):
        assert torch.equal(model(input_ids=IDS).logits, wanted)


def test_the_model_is_whole_again_after_an_error() -> None:
    model = tiny_classifier(layers=2).model
    attention = last_layer(model).get_submodule("attention")
    with pytest.raises(RuntimeError, match="stop"), first_token_only(model):
        raise RuntimeError("stop")
    assert last_layer(model).get_submodule("attention") is attention
    assert isinstance(model.config, BertConfig)
