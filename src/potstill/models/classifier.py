"""Opening, saving and proving plain Hugging Face classifiers."""

import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from potstill.domain.errors import ModelError, in_short, some_of
from potstill.domain.task import Task
from potstill.models.auto import model_from_config, read_config, read_model, read_tokenizer, write_part
from potstill.models.encoder import find_encoder
from potstill.models.forward import encode, label_count, predict_logits
from potstill.models.label_names import declare_problem
from potstill.models.layer_stack import depth_of, modules_by_name

PROBES = (
    "",
    "Thanks for the quick review, the second patch works.",
    "Nobody asked you, and nobody ever will.",
    "Ça va? 👍 " + "a rather long remark about gardening " * 20,
)
"""Texts whose logits prove that a saved model is the one that was trained: empty, short, rude, long and not ASCII."""

POSITIONS = ("position_embeddings", "embed_positions", "wpe")
"""How families call the vectors of positions."""


def quiet_transformers() -> None:
    """Keep transformers from printing bars and reports of its own: what matters in them is checked and said here."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # peft asks for a property that transformers 5.23 has renamed; nothing that a user could do about it.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)


@dataclass(frozen=True)
class Classifier:
    """A model with its tokenizer; `fresh` names the parameters that were not in the files and are random."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    fresh: tuple[str, ...] = ()


def open_encoder(folder: Path, task: Task, seed: int) -> Classifier:
    """The pretrained encoder in `folder` under a new head for `task`, whose weights are drawn with `seed`."""
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]  # torch gives it no type
    config = read_config(folder, num_labels=len(task.labels))
    config.id2label = dict(enumerate(task.labels))
    config.label2id = {label: index for index, label in enumerate(task.labels)}
    classifier = _load(folder, config, is_encoder=True)
    declare_problem(classifier.model, task)
    return classifier


def open_classifier(name: str | Path, revision: str | None = None, root: Path = Path(".")) -> Classifier:
    """A fine-tuned classifier: a folder or a Hub id.

    Raises:
        ModelError: there is none, it does not open, or it answers for each token and not for a text.
    """
    folder = name if isinstance(name, Path) else find_encoder(name, revision, root)
    classifier = _load(folder, read_config(folder), is_encoder=False)
    _check_kind(folder, classifier)
    return classifier


def open_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder."""
    return read_tokenizer(folder)


def _load(folder: Path, config: PretrainedConfig, *, is_encoder: bool) -> Classifier:
    model, fresh = read_model(folder, config, is_encoder=is_encoder)
    classifier = Classifier(model.eval(), open_tokenizer(folder), fresh)
    check_vocabulary(folder, classifier)
    _settle_padding(classifier)
    _forget_cache(model)
    _check_answers(folder, classifier)
    return classifier


def check_vocabulary(folder: Path, classifier: Classifier) -> None:
    """Raise ModelError where the tokenizer gives ids that the model has no vector for: a text with one would fail."""
    rows = input_embeddings(classifier.model)
    beyond = {number: token for token, number in classifier.tokenizer.get_vocab().items() if number >= rows}
    if beyond:
        tokens = some_of((beyond[number] for number in sorted(beyond)), 3)
        raise ModelError(
            f"{folder}: the tokenizer has {tokens}, up to id {max(beyond)}, the model's embedding has {rows} rows: "
            "take the tokenizer that the model was trained with, or resize the embedding and train it"
        )


def input_embeddings(model: PreTrainedModel) -> int:
    """Rows of the embedding of words: the ids of tokens are less."""
    return int(model.get_input_embeddings().num_embeddings)  # type: ignore[arg-type]


def _settle_padding(classifier: Classifier) -> None:
    """Name the token that fills a batch up where the config names none that the model has a vector for: the
    tokenizer's, or that which ends a text. A decoder finds the end of each text by it, and takes no batch without."""
    config, tokenizer, rows = classifier.model.config, classifier.tokenizer, input_embeddings(classifier.model)
    pad, end = (getattr(config, f"{name}_token_id", None) for name in ("pad", "eos"))  # Funnel has neither
    ids = (pad, tokenizer.pad_token_id, tokenizer.eos_token_id, end)
    config.pad_token_id = next((number for number in ids if isinstance(number, int) and 0 <= number < rows), None)


def _forget_cache(model: PreTrainedModel) -> None:
    """A decoder keeps what it computed for the words that it would say next, and a classifier says none: its layers
    could not be called twice on the same words."""
    if getattr(model.config, "use_cache", False):
        model.config.use_cache = False


def _check_answers(folder: Path, classifier: Classifier) -> None:
    """Let the model answer two short texts. Raises ModelError where it fails, or gives something else than numbers."""
    length = min(16, longest_input(classifier.model) or 16)
    try:
        logits = logits_of(classifier, PROBES[:2], max_length=length)
    except Exception as error:  # values of a config that are only read when the model runs
        raise ModelError(f"{folder} opens, and fails on a text: {in_short(error)}") from error
    if not bool(logits.isfinite().all()):
        raise ModelError(
            f"{folder} opens, and answers a text with NaN or infinity: its config.json or weights are damaged"
        )


def _check_kind(folder: Path, classifier: Classifier) -> None:
    named: Any = classifier.model.config.architectures  # whatever the file has there
    kinds = [str(kind) for kind in cast(list[Any], named)] if isinstance(named, list) else []
    if kinds and not classifier.fresh and not any("SequenceClassification" in kind for kind in kinds):
        raise ModelError(
            f"{folder / 'config.json'}: the model was saved as {some_of(kinds)} (architectures), which is no "
            "classifier of texts: correct it if it is"
        )


def save_classifier(classifier: Classifier, folder: Path, *, max_length: int, card: str) -> int:
    """Write a plain model folder and prove it: reloaded in a fresh model, it answers with the same logits.

    Returns the size of the weights in bytes.

    Raises:
        ModelError: the reloaded model differs in depth, in parameters or in any logit; `folder` is then gone.
    """
    write_part(classifier.model, folder)
    write_part(classifier.tokenizer, folder)
    (folder / "README.md").write_text(card, encoding="utf-8")
    try:
        _prove(classifier, folder, max_length)
    except ModelError:
        shutil.rmtree(folder)
        raise
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def _prove(classifier: Classifier, folder: Path, max_length: int) -> None:
    reloaded = open_classifier(folder)
    if reloaded.fresh:
        raise ModelError(f"saving lost the parameters {', '.join(reloaded.fresh)}")
    depth, saved_depth = depth_of(classifier.model), depth_of(reloaded.model)
    if depth != saved_depth:
        raise ModelError(f"the saved model has {saved_depth} layers, not {depth}")
    reloaded.model.to(classifier.model.device)  # type: ignore[arg-type]  # bits agree on one device only
    before = logits_of(classifier, PROBES, max_length=max_length)
    after = logits_of(reloaded, PROBES, max_length=max_length)
    if not torch.equal(before, after):
        raise ModelError(f"the saved model's logits differ by up to {(before - after).abs().max().item():.2e}")


def logits_of(classifier: Classifier, texts: Sequence[str], *, max_length: int, batch_size: int = 32) -> torch.Tensor:
    """Logits of normalised `texts`, (n, labels) float32."""
    rows = encode(classifier.tokenizer, texts, max_length=max_length)
    return predict_logits(classifier.model, rows, batch_size=batch_size)


def empty_classifier(config: PretrainedConfig) -> PreTrainedModel:
    """A classifier of this config with shapes and no numbers (torch's meta device)."""
    with torch.device("meta"):
        return model_from_config(config)


def longest_input(model: PreTrainedModel) -> int | None:
    """The tokens that a model has positions for; None where positions are computed, as by ModernBERT.

    Of the learned positions RoBERTa and its kin keep some for padding: those up to and with `padding_idx`. OPT and BART
    keep `offset`.
    """
    lengths = (
        part.num_embeddings - (0 if part.padding_idx is None else part.padding_idx + 1) - getattr(part, "offset", 0)
        for name, part in modules_by_name(model).items()
        if isinstance(part, torch.nn.Embedding) and name.endswith(POSITIONS)
    )
    return min(lengths, default=None)


def check_input_length(model: PreTrainedModel | Path, max_length: int) -> None:
    """Raise ModelError where the model, or the one in a folder, has fewer positions than `max_length` tokens."""
    if isinstance(model, Path):
        model = empty_classifier(read_config(model))
    longest = longest_input(model)
    if longest is not None and max_length > longest:
        kind = model.config.model_type
        raise ModelError(f"max_length {max_length} is more than the {longest} tokens that this {kind} can read")


def labels_of(model: PreTrainedModel) -> list[str]:
    """The label names in the order of the logits."""
    names = cast(dict[int, str], model.config.id2label or {})
    return [str(names[index]) for index in range(label_count(model))]


def count_parameters(model: torch.nn.Module) -> tuple[int, int]:
    """Parameters: all, and those that training would change."""
    parameters = list(model.parameters())
    return sum(p.numel() for p in parameters), sum(p.numel() for p in parameters if p.requires_grad)
