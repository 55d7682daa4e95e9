"""A student's layers learn one after another, from the bottom, what blocks of the teacher's layers give."""

from collections.abc import Mapping

from transformers import PreTrainedModel

from potstill.models.layer_calls import block_ranges, block_states, layers_of, watched
from potstill.models.layer_stack import depth_of
from potstill.recipes.progressive import Match
from potstill.training.losses import hidden_state_loss
from potstill.training.objective import Batch, Objective, Part


class Layerwise:
    """`steps` steps for the layers, as equal a share for each as can be; then `rest`, which trains all of the model.

    While a layer learns nothing else does: below it stands what was learnt before, above it nothing counts yet. Its
    loss is the mean squared difference to its block of the teacher's layers, over real tokens: to the `last` layer of
    the block, or to the `mean` of all (Sun et al., 2019, match states so, all layers at once).
    """

    def __init__(self, teacher: PreTrainedModel, rest: Objective, *, layers: int, steps: int, match: Match) -> None:
        self._teacher, self._rest, self._match = teacher, rest, match
        self._blocks = block_ranges(depth_of(teacher), layers)
        self._turns = block_ranges(steps, layers) if steps >= layers else []
        self._learning: int | None = None

    def __call__(self, model: PreTrainedModel, batch: Batch, step: int) -> Mapping[str, Part]:
        """The distance of the layer whose turn it is, or what the rest asks for."""
        layer = next((layer for layer, turn in enumerate(self._turns) if step in turn), None)
        if layer is None:
            self._let_learn(model, None)
            return self._rest(model, batch, step)
        self._let_learn(model, layer)
        wanted = block_states(self._teacher, batch.inputs, self._blocks, self._match)[layer]
        with watched(model) as calls:
            model(**batch.inputs)
        distance = hidden_state_loss(calls[layer].hidden_out.float(), wanted, batch.inputs["attention_mask"], "mse")
        return {"layer": Part(1.0, distance)}

    def _let_learn(self, model: PreTrainedModel, layer: int | None) -> None:
        """Let one layer learn, or all of the model."""
        if layer != self._learning:
            model.requires_grad_(layer is None)
            if layer is not None:
                layers_of(model)[layer].requires_grad_(True)
            self._learning = layer
