import copy

import pytest
import torch
from tiny import tiny_classifier
from torch import nn
from transformers import AlbertConfig, AlbertForSequenceClassification, BertConfig

from potstill.domain.errors import ModelError
from potstill.domain.layers import LayerPlan, plan_layers
from potstill.models.auto import model_from_config
from potstill.models.classifier import count_parameters
from potstill.models.layer_stack import depth_of, find_layer_stack, modules_by_name, prune_layers, shrink

BASE = BertConfig()


def on_meta(config: BertConfig) -> nn.Module:
    with torch.device("meta"):
        return model_from_config(config)


def test_bert_base_and_its_half_have_the_published_sizes() -> None:
    base = on_meta(BASE)
    assert count_parameters(base)[0] == 109_483_778
    half = copy.deepcopy(BASE)
    half.num_hidden_layers = 6
    assert count_parameters(on_meta(half))[0] == 66_956_546


@pytest.mark.parametrize("keep", ["even", "odd", "first", "last", "spread", [2, 3]])
def test_a_student_has_the_chosen_layers_and_everything_else_of_its_teacher(keep: str | list[int]) -> None:
    teacher = tiny_classifier(layers=4).model
    before = copy.deepcopy(teacher.state_dict())
    plan = plan_layers(keep, 4, 2)  # type: ignore[arg-type]
    student = prune_layers(teacher, plan)
    assert depth_of(student) == 2
    for position, index in enumerate(plan.kept):
        theirs = teacher.get_submodule(f"bert.encoder.layer.{index}").state_dict()
        ours = student.get_submodule(f"bert.encoder.layer.{position}").state_dict()
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    for name in ("bert.embeddings.word_embeddings.weight", "bert.pooler.dense.weight", "classifier.bias"):
        assert torch.equal(student.state_dict()[name], teacher.state_dict()[name])
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(1)
    assert all(torch.equal(before[name], tensor) for name, tensor in teacher.state_dict().items())


def test_the_layer_map_is_in_the_config() -> None:
    student = prune_layers(tiny_classifier(layers=4).model, plan_layers("even", 4))
    assert student.config.potstill_layers == {"depth": 4, "kept": [1, 3], "reorder": False}


def test_a_model_that_lost_layers_on_the_way_is_recorded_in_its_teachers_indices() -> None:
    teacher = tiny_classifier(layers=4).model
    first = LayerPlan(depth=4, kept=(0, 2, 3))
    halfway = prune_layers(teacher, first)
    second = LayerPlan(depth=3, kept=(0, 2))
    student = prune_layers(halfway, second, recorded=first.then(second))
    assert student.config.potstill_layers == {"depth": 4, "kept": [0, 3], "reorder": False}


def test_a_list_by_layer_in_the_config_loses_what_the_model_loses() -> None:
    config = BertConfig(num_hidden_layers=3)
    config.layer_types = ["full", "sliding", "full"]
    config.pos_att_type = ["p2c", "c2p", "p2p"]  # as long, and not by layer
    small = shrink(config, LayerPlan(depth=3, kept=(1, 2)))
    assert (small.layer_types, small.pos_att_type) == (["sliding", "full"], ["p2c", "c2p", "p2p"])
    assert (small.num_hidden_layers, config.num_hidden_layers) == (2, 3)
    assert config.layer_types == ["full", "sliding", "full"]


def test_parts_are_named_as_torch_names_them() -> None:
    model = tiny_classifier(layers=2).model
    assert modules_by_name(model)["bert.encoder.layer.1"] is model.get_submodule("bert.encoder.layer.1")


def test_all_layers_kept_give_the_same_logits() -> None:
    teacher = tiny_classifier(layers=3).model
    same = prune_layers(teacher, LayerPlan(depth=3, kept=(0, 1, 2))).eval()
    rows = torch.tensor([[2, 5, 6, 3]])
    assert torch.equal(teacher(input_ids=rows).logits, same(input_ids=rows).logits)


def test_a_shared_layer_is_refused_with_the_reason() -> None:
    config = AlbertConfig(
        vocab_size=50,
        embedding_size=8,
        hidden_size=16,
        num_attention_heads=2,
        num_hidden_layers=3,
        intermediate_size=16,
    )
    with pytest.raises(ModelError, match="ALBERT"):
        find_layer_stack(AlbertForSequenceClassification(config))


def test_a_plan_for_another_depth_is_refused() -> None:
    with pytest.raises(ModelError, match="the plan is for 6 layers, the teacher has 4"):
        prune_layers(tiny_classifier(layers=4).model, plan_layers("even", 6))
