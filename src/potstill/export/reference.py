"""The model that every engine is compared with: torch, full precision, the same token ids."""

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from potstill.domain.predictor import Logits


class Reference:
    """An engine like the others, but torch in fp32."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model.eval()

    @torch.inference_mode()
    def __call__(self, ids: NDArray[np.int64]) -> Logits:
        """Logits, (rows, labels), of ids, (rows, length)."""
        return self._model(input_ids=torch.from_numpy(ids)).logits.float().numpy()
