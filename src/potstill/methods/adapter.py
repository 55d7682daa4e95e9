"""What every method that trains adapters shares: the audit of what is trained, the merge."""

import copy
from typing import cast

from transformers import PreTrainedModel

from potstill.domain.layers import LayerPlan
from potstill.methods.context import TrainedModel, TrainingContext
from potstill.models.classifier import Classifier, count_parameters
from potstill.models.lora_targets import implied_parameters
from potstill.recipes.adapter import AdapterRecipe
from potstill.training.objective import Objective


def train_adapter(
    recipe: AdapterRecipe, context: TrainingContext, start: Classifier, seed: int, objective: Objective,
    layers: LayerPlan | None = None,
) -> TrainedModel:  # fmt: skip
    """Train adapters on `start`, which they change, and merge them into a plain model."""
    # Loaded where adapters are trained: peft takes a second, and a plan asks this room for counts alone.
    from potstill.models.lora import add_lora, audit, merge

    implied = implied_parameters(start.model, recipe, start.fresh)
    model = add_lora(start.model, recipe, fresh=start.fresh, seed=seed)
    notes = audit(model, start.fresh if recipe.trains_head() else (), implied)
    training = context.fit(cast(PreTrainedModel, model), seed, objective)
    trainable = count_parameters(model)[1]
    adapter = copy.deepcopy(model)
    plain, proof = merge(model, start.tokenizer, max_length=context.training.max_length)
    return TrainedModel(
        Classifier(plain, start.tokenizer), (count_parameters(plain)[0], trainable), training, layers,
        audit=[*notes, proof], save_adapter=lambda folder: adapter.save_pretrained(str(folder)),
    )  # fmt: skip
