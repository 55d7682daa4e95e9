"""Dropout whose random numbers do not cost a fifth of a training step on a CPU."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_STEPS = 1 << 16


class FastDropout(TorchFunctionMode):
    """Within it, `torch.nn.functional.dropout` on a CPU draws sixteen random bits a value.

    torch draws a double for each value, one after another. Modules reach dropout through that function, and so do
    transformers' plain attention and peft. A rate is kept to 1/65536; the draws follow `torch.manual_seed`.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is functional.dropout:
            return _dropout(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    if input.device.type != "cpu" or not training or p in (0.0, 1.0) or inplace:
        return functional.dropout(input, p, training, inplace)
    dropped = round(p * _STEPS)
    # The bounds matter: without them torch leaves the sign bit 0, and every fourth value is dropped too seldom.
    words = torch.empty((input.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    draws = words.view(torch.int16)[: input.numel()].view(input.shape)
    kept = (draws >= dropped - _STEPS // 2).to(input.dtype)
    return input * kept.mul_(_STEPS / (_STEPS - dropped))
