import pytest
import torch
from families import FAMILIES, tiny_of
from tiny import comments, tiny_classifier
from transformers import PreTrainedModel

from potstill.domain.layers import LayerPlan
from potstill.models.forward import TokenRows, encode, predict_logits
from potstill.models.layer_calls import layers_of
from potstill.models.layer_stack import depth_of, prune_layers
from potstill.models.subsets import all_subsets, beginnings, block_influence, subset_logits


def rows(count: int = 6) -> TokenRows:
    return encode(tiny_classifier().tokenizer, comments(count)[0], max_length=32)


def pruned_logits(model: PreTrainedModel, kept: tuple[int, ...]) -> torch.Tensor:
    plan = LayerPlan(depth=depth_of(model), kept=kept)
    return predict_logits(prune_layers(model, plan).eval(), rows(), batch_size=6)


def test_every_choice_of_six_of_twelve_answers_as_the_pruned_model() -> None:
    model = tiny_classifier(layers=12, seed=2).model
    subsets, applied = all_subsets(12, 6), [0]

    def count() -> None:
        applied[0] += 1

    answers = subset_logits(model, rows(), subsets, count)
    assert (len(subsets), applied[0]) == (924, 1715)
    for subset, logits in zip(subsets, answers, strict=True):
        assert torch.allclose(logits, pruned_logits(model, subset), atol=1e-6), subset
    assert len(layers_of(model)) == 12


def test_what_is_shared_is_counted_once() -> None:
    assert len(beginnings(all_subsets(6, 3))) == 34
    assert len(beginnings(all_subsets(12, 6))) == 1715
    assert beginnings([(0, 2), (0, 3)]) == {(0,), (0, 2), (0, 3)}
    assert len(beginnings(all_subsets(12, 11))) < 12 * 11


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_answers_as_the_pruned_model(family: str) -> None:
    model = tiny_of(family, seed=4).model
    # ModernBERT's first layer has no norm: another one cannot take its place.
    subsets = [(0,), (0, 2), (0, 1, 3), (0, 1, 2, 3)]
    for subset, logits in zip(subsets, subset_logits(model, rows(), subsets), strict=True):
        assert torch.allclose(logits, pruned_logits(model, subset), atol=1e-6), subset


def test_a_layer_that_changes_nothing_has_no_influence() -> None:
    model = tiny_classifier(layers=3, seed=2).model
    quiet = layers_of(model)[1]
    with torch.no_grad():
        for name, weight in quiet.named_parameters():
            if "LayerNorm.weight" not in name:
                weight.zero_()
    influence = block_influence(model, rows())
    assert influence[1] == pytest.approx(0, abs=1e-3)
    assert min(influence[0], influence[2]) > 10 * abs(influence[1])
