"""The teacher: an encoder fine-tuned in full, which every arm is held against."""

from potstill.methods.context import TrainedModel, TrainingContext
from potstill.models.classifier import Classifier, count_parameters, open_encoder


def fine_tune_teacher(context: TrainingContext, seed: int) -> TrainedModel:
    """Fine-tune all of `context.encoder` on the labels. Raises ValueError where the context has no encoder."""
    if context.encoder is None:
        raise ValueError("there is no encoder to fine-tune")
    start = open_encoder(context.encoder, context.task, seed)
    training = context.fit(start.model, seed)
    return TrainedModel(Classifier(start.model, start.tokenizer), count_parameters(start.model), training)
