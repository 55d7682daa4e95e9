"""Torch as an engine: the model that every other is compared with, and the lab's own quick one."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from potstill.domain.predictor import Logits
from potstill.domain.task import Task
from potstill.inference.reading import Reader
from potstill.inference.text_model import TextModel
from potstill.models.packed import PackedBert
from potstill.training.loop import uses_bf16


class Reference:
    """An engine like the others, but torch in fp32."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model.eval()

    @torch.inference_mode()
    def __call__(self, ids: NDArray[np.int64]) -> Logits:
        """Logits, (rows, labels), of ids, (rows, length)."""
        return self._model(input_ids=torch.as_tensor(ids)).logits.float().numpy()


class PackedTextModel(TextModel):
    """Texts through torch with the tokens of many in one matrix; in bfloat16 where the processor multiplies it.

    Raises:
        ModelError: the model is of a family that does not run packed.
    """

    def __init__(self, reader: Reader, model: PreTrainedModel, task: Task) -> None:
        super().__init__(reader, Reference(model), task)
        self.packed = PackedBert(model, torch.bfloat16 if uses_bf16("auto") else torch.float32)

    def of_rows(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Logits, (rows, labels), of token ids."""
        return self.packed(rows, self._budget).numpy()
