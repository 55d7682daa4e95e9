"""The one training loop: every model here is trained by it, teacher, student and LoRA alike."""

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

import torch
from torch import nn
from transformers import PreTrainedModel

from potstill.domain.errors import NotFiniteError
from potstill.domain.measures import CurvePoint
from potstill.models.forward import TokenRows, pad, pad_id_of
from potstill.models.layer_stack import modules_by_name
from potstill.recipes.training import Precision, TrainingSettings
from potstill.training.batches import plan_batches
from potstill.training.dropout import FastDropout
from potstill.training.objective import Batch, Distillation, Objective, Part


@dataclass(frozen=True)
class TrainResult:
    """What a training did: its last epoch's mean loss, a point an epoch, seconds, tokens with padding, steps."""

    loss: float
    curve: list[CurvePoint]
    seconds: float
    tokens: int
    steps: int


@dataclass(frozen=True)
class EpochScore:
    """A model on the validation rows: PR-AUC, None where undefined, and the accuracy on a fixed sample of them."""

    pr_auc: float | None
    sampled_accuracy: float | None = None


def train(
    model: PreTrainedModel,
    rows: TokenRows,
    labels: Sequence[int] | Sequence[Sequence[int]],
    settings: TrainingSettings,
    *,
    seed: int,
    objective: Objective | None = None,
    token_budget: int | None = None,
    validate: Callable[[PreTrainedModel], EpochScore] | None = None,
    on_step: Callable[[], None] | None = None,
) -> TrainResult:
    """Train `model` in place on `rows`, with AdamW, a linear warm-up and decay, and clipped gradients.

    Where a `token_budget` is given, padding not counted, it is spent in as many epochs as it takes, whatever
    `settings.epochs` says. `objective` says what is minimised: cross-entropy on `labels`, where nothing else is named.
    `validate` is asked after each epoch but the last, whose model the caller measures anyway; with checkpoint = "best"
    after the last too, and the weights of its best epoch are kept. The same seed on the same
    machine gives the same weights.

    Raises:
        NotFiniteError: a loss that is no longer finite.
    """
    # Loaded where something is trained, as the schedule below: a plan asks this room which arithmetic training uses.
    from accelerate import Accelerator  # pyright: ignore[reportMissingTypeStubs]

    objective = objective or Distillation()
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]  # torch gives it no type
    accelerator = cast(Any, Accelerator())  # comes without types
    device: torch.device = accelerator.device
    model.to(device).train()  # type: ignore[arg-type]
    attention = _use_plain_attention(model)
    set_dropout(model, settings.dropout)
    lengths = [len(row) for row in rows]
    plan = plan_batches(lengths, settings.batch_size, seed, settings.epochs, token_budget)
    total = sum(map(len, plan))
    optimizer, scheduler = _optimizer(model, settings, total)
    optimizer = accelerator.prepare_optimizer(optimizer)
    autocast = torch.autocast(device.type, dtype=torch.bfloat16, enabled=uses_bf16(settings.precision))
    keeps_best = settings.checkpoint == "best"
    curve: list[CurvePoint] = []
    best: tuple[float, dict[str, torch.Tensor]] | None = None
    seconds, seen, steps = 0.0, 0, 0
    for epoch, batches in enumerate(plan):
        started = perf_counter()
        means = _Means()
        for batch in batches:
            inputs = _to(device, pad([rows[row] for row in batch], pad_id_of(model)))
            targets = torch.tensor([labels[row] for row in batch], device=device)
            with autocast, FastDropout():
                parts = objective(model, Batch(batch, inputs, targets), steps)
            loss = torch.stack([part.weight * part.value for part in parts.values()]).sum()
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), settings.max_grad_norm)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            means.add({"loss": Part(1, loss), **parts}, len(batch))
            if not math.isfinite(means["loss"]):
                raise NotFiniteError(f"the loss is not finite after {steps + 1} steps: a smaller learning rate helps")
            seen += inputs["input_ids"].numel()
            steps += 1
            if on_step:
                on_step()
        seconds += perf_counter() - started
        score = validate(model) if validate and (keeps_best or epoch + 1 < len(plan)) else None
        pr_auc = score.pr_auc if score else None
        if keeps_best and pr_auc is not None and (best is None or pr_auc > best[0]):
            best = pr_auc, copy.deepcopy(model.state_dict())
        curve.append(_point(epoch, steps, means.all(), score))
    if best is not None:
        model.load_state_dict(best[1])
    _use_attention(model, attention)
    model.eval()
    return TrainResult(curve[-1].loss, curve, seconds, seen, steps)


def one_after_another(results: Sequence[TrainResult]) -> TrainResult:
    """Several trainings in a row as one."""
    curve: list[CurvePoint] = []
    epochs = steps = 0
    for result in results:
        for point in result.curve:
            shifted = {"epoch": point.epoch + epochs, "step": point.step + steps}
            curve.append(point.model_copy(update=shifted))
        epochs, steps = epochs + len(result.curve), steps + result.steps
    seconds, tokens = sum(result.seconds for result in results), sum(result.tokens for result in results)
    return TrainResult(results[-1].loss, curve, seconds, tokens, steps)


def uses_bf16(precision: Precision) -> bool:
    """Whether matrix products run in bfloat16: `auto` says yes where the processor multiplies it natively.

    Elsewhere it is emulated: slower than float32 and no more exact.
    """
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_bf16") or able.get("avx512_bf16"))


def set_dropout(model: nn.Module, dropout: float | None) -> None:
    """Set every dropout of the model but that of its adapters; None leaves them as the encoder's config has them."""
    if dropout is None:
        return
    for name, part in modules_by_name(model).items():
        if isinstance(part, nn.Dropout) and "lora_dropout" not in name:
            part.p = dropout


def _use_plain_attention(model: PreTrainedModel) -> str:
    """Compute attention by plain products where that is quicker; the name of what was used before.

    torch's fused attention has no CPU kernel with dropout, and what it falls back to is slower than plain products.
    """
    before = str(cast(Any, model.config)._attn_implementation)  # there is no public name for it
    if before == "sdpa" and model.device.type == "cpu":
        _use_attention(model, "eager")
    return before


def _use_attention(model: PreTrainedModel, implementation: str) -> None:
    cast(Any, model).set_attn_implementation(implementation)


def _optimizer(
    model: nn.Module, settings: TrainingSettings, total: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Biases and norms are not decayed, as BERT's authors had it: they are the parameters with one dimension."""
    from transformers import get_linear_schedule_with_warmup  # pyright: ignore[reportUnknownVariableType]

    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)
    warmup = int(settings.warmup_ratio * total)
    return optimizer, cast(Any, get_linear_schedule_with_warmup)(optimizer, warmup, total)


class _Means:
    """Means over rows of the parts of a loss; a part that only some batches have counts their rows alone."""

    def __init__(self) -> None:
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._rows: defaultdict[str, int] = defaultdict(int)

    def add(self, parts: dict[str, Part], rows: int) -> None:
        for name, part in parts.items():
            self._sums[name] += part.value.item() * rows
            self._rows[name] += rows

    def __getitem__(self, name: str) -> float:
        return self._sums[name] / self._rows[name]

    def all(self) -> dict[str, float]:
        return {name: self[name] for name in self._sums}


def _to(device: torch.device, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.to(device) for name, tensor in inputs.items()}


def _point(epoch: int, step: int, means: dict[str, float], score: EpochScore | None) -> CurvePoint:
    loss = means.pop("loss")
    return CurvePoint(
        epoch=epoch + 1, step=step, loss=loss, losses=means,
        validation_pr_auc=score.pr_auc if score else None,
        sampled_accuracy=score.sampled_accuracy if score else None,
    )  # fmt: skip
