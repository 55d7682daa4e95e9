"""The quicker dropout is dropout: the rate, the scale, the gradient, the seed."""

import pytest
import torch
from torch.nn import functional

from potstill.training.dropout import FastDropout


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_drops_at_the_rate_in_every_place_and_keeps_the_mean(rate: float, dtype: torch.dtype):
    torch.manual_seed(0)
    with FastDropout():
        dropped = functional.dropout(torch.ones(250_001, 4, dtype=dtype), rate)
    shares = (dropped == 0).float().mean(dim=0)  # one draw in four holds the sign bit: each must drop at the rate
    assert torch.allclose(shares, torch.full((4,), rate), atol=0.005)
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / (1 - rate)], rel=2**-8)


def test_what_is_dropped_has_no_gradient_and_what_is_kept_has_the_scale():
    values = torch.randn(1000, requires_grad=True)
    with FastDropout():
        dropped = torch.nn.Dropout(0.25)(values)
    dropped.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad == 0, dropped == 0)
    assert torch.allclose(values.grad[dropped != 0], torch.tensor(4 / 3))


def test_a_seed_decides_the_draws_and_torch_alone_draws_others():
    values = torch.ones(64, 64)

    def drawn() -> torch.Tensor:
        torch.manual_seed(7)
        return functional.dropout(values, 0.5)

    with FastDropout():
        first, second = drawn(), drawn()
    assert torch.equal(first, second)
    assert not torch.equal(first, drawn())  # so it is this dropout that was asked within, and only there


def test_nothing_is_dropped_without_training_or_at_rate_0():
    values = torch.randn(100)
    with FastDropout():
        assert torch.equal(functional.dropout(values, 0.5, training=False), values)
        assert torch.equal(functional.dropout(values, 0.0), values)
        assert not functional.dropout(values, 1.0).any()
