import pytest
import torch
from families import FAMILIES, tiny_of
from tiny import tiny_classifier
from transformers import PreTrainedModel

from potstill.models.forward import pad
from potstill.models.layer_calls import (
    ConstantLayer,
    block_ranges,
    block_states,
    hidden_of,
    layers_of,
    layers_replaced,
    watched,
)

INPUTS = pad([[2, 9, 7, 3], [2, 9, 3]], 0)


@pytest.mark.parametrize("family", FAMILIES)
@torch.inference_mode()
def test_each_layer_is_seen_to_read_what_the_one_below_gave(family: str) -> None:
    model = tiny_of(family, layers=3).model
    wanted = model(**INPUTS).logits
    with watched(model) as calls:
        assert torch.equal(model(**INPUTS).logits, wanted)
    assert sorted(calls) == [0, 1, 2]
    for below, above in ((0, 1), (1, 2)):
        assert torch.equal(calls[below].hidden_out, calls[above].hidden_in)
    assert calls[2].hidden_out.shape == (2, 4, 32)


@torch.inference_mode()
def test_nothing_is_watched_after_the_block() -> None:
    model = tiny_classifier(layers=2).model
    with pytest.raises(RuntimeError, match="stop"), watched(model) as calls:
        raise RuntimeError("stop")
    model(**INPUTS)
    assert calls == {}


@torch.inference_mode()
def test_a_layer_called_again_by_hand_gives_the_same() -> None:
    model = tiny_classifier(layers=2).model
    with watched(model) as calls:
        model(**INPUTS)
    call = calls[1]
    again = hidden_of(layers_of(model)[1](call.hidden_in, *call.args, **call.kwargs))
    assert torch.equal(again, call.hidden_out)


@torch.inference_mode()
def test_what_stands_behind_the_layers_runs_on_a_given_answer() -> None:
    model = tiny_classifier(layers=3).model
    wanted = model(**INPUTS).logits
    layers = list(layers_of(model))
    with watched(model) as calls:
        model(**INPUTS)
    with layers_replaced(model, [ConstantLayer(layers[-1], calls[2].answer)]):
        assert torch.equal(model(**INPUTS).logits, wanted)
    assert list(layers_of(model)) == layers


def test_the_layers_are_back_after_an_error() -> None:
    model = tiny_classifier(layers=2).model
    layers = list(layers_of(model))
    with pytest.raises(RuntimeError, match="stop"), layers_replaced(model, layers[:1]):
        raise RuntimeError("stop")
    assert list(layers_of(model)) == layers


def test_blocks_are_as_equal_as_can_be_and_hold_every_layer() -> None:
    assert block_ranges(12, 6) == [range(start, start + 2) for start in range(0, 12, 2)]
    assert block_ranges(7, 3) == [range(0, 3), range(3, 5), range(5, 7)]
    with pytest.raises(ValueError, match="2 layers do not make 3 blocks"):
        block_ranges(2, 3)


@pytest.fixture(scope="module")
def teacher() -> PreTrainedModel:
    return tiny_classifier(layers=4).model


@torch.inference_mode()
def test_a_block_gives_its_last_layers_states_or_the_mean_of_all(teacher: PreTrainedModel) -> None:
    with watched(teacher) as calls:
        teacher(**INPUTS)
    blocks = block_ranges(4, 2)
    last, mean = (block_states(teacher, INPUTS, blocks, match) for match in ("last", "mean"))
    assert torch.equal(last[0], calls[1].hidden_out)
    assert torch.allclose(mean[1], (calls[2].hidden_out + calls[3].hidden_out) / 2)


def test_a_teachers_states_ask_for_no_gradient(teacher: PreTrainedModel) -> None:
    assert not any(states.requires_grad for states in block_states(teacher, INPUTS, block_ranges(4, 2), "last"))
