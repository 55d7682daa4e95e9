"""The teacher: an encoder fine-tuned in full, which every arm is held against."""

from potstill.methods.bench import Bench, Made
from potstill.models.classifier import Classifier, count_parameters, open_encoder


def fine_tune_teacher(bench: Bench, seed: int) -> Made:
    """Fine-tune all of `bench.encoder` on the labels. Raises ValueError where the bench has no encoder."""
    if bench.encoder is None:
        raise ValueError("there is no encoder to fine-tune")
    start = open_encoder(bench.encoder, bench.task, seed)
    trained = bench.fit(start.model, seed)
    return Made(Classifier(start.model, start.tokenizer), count_parameters(start.model), trained)
