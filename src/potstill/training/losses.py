"""The parts of a distillation loss."""

import torch
from torch.nn import functional

from potstill.recipes.student import HiddenLoss


def soft_target_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """KL divergence from the teacher's softened answer to the student's, times temperature squared.

    Both are (n, labels) logits. The square keeps the gradient's size independent of the temperature: Hinton et al.,
    2015, "Distilling the Knowledge in a Neural Network".
    """
    log_student = functional.log_softmax(student / temperature, dim=-1)
    log_teacher = functional.log_softmax(teacher / temperature, dim=-1)
    return functional.kl_div(log_student, log_teacher, log_target=True, reduction="batchmean") * temperature**2


def soft_label_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """The same for a multi-label task: KL divergence between each label's softened sigmoids, averaged over labels and
    rows, times temperature squared."""
    yes, no = functional.logsigmoid(student / temperature), functional.logsigmoid(-student / temperature)
    wanted_yes, wanted_no = functional.logsigmoid(teacher / temperature), functional.logsigmoid(-teacher / temperature)
    divergence = wanted_yes.exp() * (wanted_yes - yes) + wanted_no.exp() * (wanted_no - no)
    return divergence.mean() * temperature**2


def logit_cosine_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """1 minus the cosine between both models' logits, (n, labels), averaged over rows.

    With two labels it looks at the sign of one difference and hardly at its size; it is here because much course code
    distils with it.
    """
    return (1 - functional.cosine_similarity(student, teacher, dim=-1)).mean()


def hidden_state_loss(
    student: torch.Tensor, teacher: torch.Tensor, mask: torch.Tensor, kind: HiddenLoss
) -> torch.Tensor:
    """How far the last hidden states lie apart, averaged over real tokens.

    Both are (n, tokens, hidden); `mask` is (n, tokens), 1 for a token and 0 for padding, which must not count.
    `cosine` is DistilBERT's loss (Sanh et al., 2019).
    """
    real = mask.bool()
    if kind == "mse":
        return functional.mse_loss(student[real], teacher[real])
    return (1 - functional.cosine_similarity(student[real], teacher[real], dim=-1)).mean()
