"""The one training loop: every model here is trained by it, teacher, student and LoRA alike."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

import torch
from accelerate import Accelerator
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel, get_linear_schedule_with_warmup

from potstill.domain.measures import CurvePoint
from potstill.models.forward import TokenRows, pad, pad_id_of
from potstill.training.batches import epoch_batches
from potstill.training.dropout import QuickDropout
from potstill.training.losses import HiddenLoss, hidden_state_loss, logit_cosine_loss, soft_label_loss, soft_target_loss

Checkpoint = Literal["last", "best"]
Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True)
class TrainResult:
    """What a training did: its last epoch's mean loss, a point an epoch, seconds, tokens with padding, steps."""

    loss: float
    curve: list[CurvePoint]
    seconds: float
    tokens: int
    steps: int


@dataclass(frozen=True)
class Guidance:
    """What a teacher has to say about the training rows.

    `logits` is (rows, labels) float32, computed once. `model` is only needed, and only run, where `hidden_weight` is
    not 0: hidden states of all rows would not fit on a disk.
    """

    logits: torch.Tensor
    model: PreTrainedModel | None = None


@dataclass(frozen=True)
class EpochScore:
    """A model on the validation rows: PR-AUC, None where undefined, and the accuracy on a fixed sample of them."""

    pr_auc: float | None
    sampled_accuracy: float | None = None


def train(
    model: PreTrainedModel,
    rows: TokenRows,
    labels: Sequence[int] | Sequence[Sequence[int]],
    *,
    multilabel: bool = False,
    learning_rate: float,
    epochs: int,
    batch_size: int,
    seed: int,
    warmup_ratio: float = 0.1,
    weight_decay: float = 0.01,
    max_grad_norm: float = 1.0,
    dropout: float | None = None,
    precision: Precision = "auto",
    checkpoint: Checkpoint = "last",
    guidance: Guidance | None = None,
    ce_weight: float = 1.0,
    kl_weight: float = 0.0,
    temperature: float = 1.0,
    cosine_weight: float = 0.0,
    hidden_weight: float = 0.0,
    hidden_loss: HiddenLoss = "cosine",
    validate: Callable[[PreTrainedModel], EpochScore] | None = None,
    on_step: Callable[[], None] | None = None,
) -> TrainResult:
    """Train `model` in place on `rows`, with AdamW, a linear warm-up and decay, and clipped gradients.

    The loss is ce_weight * cross-entropy + kl_weight * soft targets at `temperature` + cosine_weight * cosine of the
    logits + hidden_weight * hidden states. With `multilabel` the rows of `labels` have a 0 or 1 for each label, and the
    first two parts are those of the labels' sigmoids, averaged over labels.
    `validate` is asked after each epoch but the last, whose model the caller measures anyway; with checkpoint = "best"
    after the last too, and the weights of its best epoch are kept. The same seed on the same
    machine gives the same weights.

    Raises:
        ValueError: a loss that needs a teacher without one, or a loss that is no longer finite.
    """
    if (kl_weight or cosine_weight or hidden_weight) and guidance is None:
        raise ValueError("kl_weight, cosine_weight and hidden_weight need a teacher")
    weights = {"ce": ce_weight, "kl": kl_weight, "cosine": cosine_weight, "hidden": hidden_weight}
    torch.manual_seed(seed)
    accelerator = Accelerator()
    model.to(accelerator.device).train()
    attention = _use_plain_attention(model)
    set_dropout(model, dropout)
    total = epochs * math.ceil(len(rows) / batch_size)
    optimizer, scheduler = _optimizer(model, learning_rate, weight_decay, int(warmup_ratio * total), total)
    optimizer = accelerator.prepare_optimizer(optimizer)
    autocast = torch.autocast(accelerator.device.type, dtype=torch.bfloat16, enabled=uses_bf16(precision))
    lengths = [len(row) for row in rows]
    curve: list[CurvePoint] = []
    best: tuple[float, dict[str, torch.Tensor]] | None = None
    seconds, tokens, steps = 0.0, 0, 0
    for epoch in range(epochs):
        started = perf_counter()
        sums: dict[str, float] = dict.fromkeys(["loss", *weights], 0.0)
        for batch in epoch_batches(lengths, batch_size, seed, epoch):
            inputs = _to(accelerator.device, pad([rows[row] for row in batch], pad_id_of(model)))
            targets = torch.tensor([labels[row] for row in batch], device=accelerator.device)
            with autocast, QuickDropout():
                parts = _losses(model, inputs, targets, batch, guidance, weights, temperature, hidden_loss, multilabel)
            loss = torch.stack([weights[name] * part for name, part in parts.items()]).sum()
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), max_grad_norm)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            for name, value in {"loss": loss, **parts}.items():
                sums[name] += value.item() * len(batch)
            if not math.isfinite(sums["loss"]):
                raise ValueError(f"the loss is not finite after {steps + 1} steps: a smaller learning rate helps")
            tokens += inputs["input_ids"].numel()
            steps += 1
            if on_step:
                on_step()
        seconds += perf_counter() - started
        score = validate(model) if validate and (checkpoint == "best" or epoch + 1 < epochs) else None
        pr_auc = score.pr_auc if score else None
        if checkpoint == "best" and pr_auc is not None and (best is None or pr_auc > best[0]):
            best = pr_auc, copy.deepcopy(model.state_dict())
        curve.append(_point(epoch, steps, {name: value / len(rows) for name, value in sums.items()}, score))
    if best is not None:
        model.load_state_dict(best[1])
    model.set_attn_implementation(attention)
    model.eval()
    return TrainResult(curve[-1].loss, curve, seconds, tokens, steps)


def uses_bf16(precision: Precision) -> bool:
    """Whether matrix products run in bfloat16: `auto` says yes where the processor multiplies it natively.

    Elsewhere it is emulated: slower than float32 and no more exact.
    """
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities()
    return bool(found.get("amx_bf16") or found.get("avx512_bf16"))


def set_dropout(model: nn.Module, dropout: float | None) -> None:
    """Set every dropout of the model; None leaves them as the encoder's config has them."""
    if dropout is None:
        return
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = dropout


def _use_plain_attention(model: PreTrainedModel) -> str:
    """Compute attention by plain products where that is quicker; the name of what was used before.

    torch's fused attention has no CPU kernel with dropout, and what it falls back to is slower than plain products.
    """
    before = str(model.config._attn_implementation)
    if before == "sdpa" and model.device.type == "cpu":
        model.set_attn_implementation("eager")
    return before


def _optimizer(
    model: nn.Module, learning_rate: float, weight_decay: float, warmup: int, total: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Biases and norms are not decayed, as BERT's authors had it: they are the parameters with one dimension."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate, fused=True)
    return optimizer, get_linear_schedule_with_warmup(optimizer, warmup, total)


def _losses(
    model: PreTrainedModel,
    inputs: dict[str, torch.Tensor],
    targets: torch.Tensor,
    batch: list[int],
    guidance: Guidance | None,
    weights: Mapping[str, float],
    temperature: float,
    hidden_loss: HiddenLoss,
    multilabel: bool,
) -> dict[str, torch.Tensor]:
    """The parts of the loss for one batch, unweighted; a part that is not asked for is 0."""
    answer = model(**inputs, output_hidden_states=bool(weights["hidden"]))
    logits = answer.logits.float()
    parts = dict.fromkeys(weights, torch.zeros((), device=logits.device))
    if multilabel:
        parts["ce"] = functional.binary_cross_entropy_with_logits(logits, targets.float())
    else:
        parts["ce"] = functional.cross_entropy(logits, targets)
    if guidance and weights["kl"]:
        divergence = soft_label_loss if multilabel else soft_target_loss
        parts["kl"] = divergence(logits, guidance.logits[batch].to(logits.device), temperature)
    if guidance and weights["cosine"]:
        parts["cosine"] = logit_cosine_loss(logits, guidance.logits[batch].to(logits.device))
    if guidance and guidance.model and weights["hidden"]:
        with torch.no_grad():
            wanted = guidance.model.to(logits.device)(**inputs, output_hidden_states=True).hidden_states[-1]
        found = answer.hidden_states[-1]
        parts["hidden"] = hidden_state_loss(found.float(), wanted.float(), inputs["attention_mask"], hidden_loss)
    return parts


def _to(device: torch.device, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.to(device) for name, tensor in inputs.items()}


def _point(epoch: int, step: int, means: dict[str, float], score: EpochScore | None) -> CurvePoint:
    loss = means.pop("loss")
    return CurvePoint(
        epoch=epoch + 1, step=step, loss=loss, losses=means,
        validation_pr_auc=score.pr_auc if score else None,
        sampled_accuracy=score.sampled_accuracy if score else None,
    )  # fmt: skip
