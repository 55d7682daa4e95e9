import pytest
import torch
from torch.distributions import Bernoulli, Categorical, kl_divergence

from potstill.recipes.student import HiddenLoss
from potstill.training.losses import hidden_state_loss, soft_label_loss, soft_target_loss


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_soft_labels_loss_is_the_divergence_of_each_labels_coin(temperature: float) -> None:
    generator = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(8, 6, generator=generator) * 4 for _ in range(2))
    coins = [Bernoulli(logits=logits / temperature) for logits in (teacher, student)]
    wanted = kl_divergence(*coins).mean() * temperature**2
    assert soft_label_loss(student, teacher, temperature).item() == pytest.approx(wanted.item(), rel=1e-5)
    assert soft_label_loss(teacher, teacher, temperature).item() == pytest.approx(0, abs=1e-7)


def test_it_stays_finite_where_a_label_is_certain() -> None:
    student, teacher = torch.tensor([[200.0, -200.0]]), torch.tensor([[-200.0, -200.0]])
    assert torch.isfinite(soft_label_loss(student, teacher, 1.0))


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_soft_targets_loss_is_the_divergence_from_the_teacher(temperature: float) -> None:
    student, teacher = torch.randn(2, 8, 3, generator=torch.Generator().manual_seed(0)) * 4
    wanted_answer, answer = (Categorical(logits=logits / temperature) for logits in (teacher, student))
    wanted = kl_divergence(wanted_answer, answer).mean() * temperature**2
    assert soft_target_loss(student, teacher, temperature).item() == pytest.approx(wanted.item(), rel=1e-5)


@pytest.mark.parametrize("kind", ["mse", "cosine"])
def test_padding_does_not_count(kind: HiddenLoss) -> None:
    student, teacher = torch.randn(2, 1, 3, 4, generator=torch.Generator().manual_seed(0))
    mask, far = torch.tensor([[1, 1, 0]]), teacher.clone()
    far[0, 2] *= -100
    assert hidden_state_loss(student, teacher, mask, kind) == hidden_state_loss(student, far, mask, kind) > 0
