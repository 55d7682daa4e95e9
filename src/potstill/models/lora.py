"""Low-rank adapters on a classifier, the audit of what they train, and the proof of their merge."""

import contextlib
import io
from collections.abc import Sequence
from typing import cast

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from potstill.domain.errors import GateError, ModelError
from potstill.models.classifier import PROBES, Classifier, count_parameters, logits_of
from potstill.models.lora_targets import attention_targets
from potstill.recipes.adapter import AdapterRecipe


def add_lora(model: PreTrainedModel, recipe: AdapterRecipe, *, fresh: Sequence[str] = (), seed: int) -> PeftModel:
    """Put adapters on a model, whose layers they change.

    `fresh` names parameters that are random: the modules that hold them are trained in full too, since a pooler or a
    dense layer in front of the classifier (DeBERTa, DistilBERT, ModernBERT) would stay random otherwise.

    With `SEQ_CLS` peft trains the head in full beside the adapters; without a task it stays as it is, as it did with
    `CAUSAL_LM` before peft checked that.

    Raises:
        ModelError: the family's attention is not known, or none of the named modules exists.
    """
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]  # torch gives it no type
    head = recipe.trains_head()
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS if head else None,
        r=recipe.r,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=list(recipe.target_modules) if recipe.target_modules else attention_targets(model),
        modules_to_save=sorted({name.rpartition(".")[0] for name in fresh}) if head and fresh else None,
    )
    try:
        return cast(PeftModel, get_peft_model(model, config))
    except ValueError as error:
        raise ModelError(f"LoRA on {model.config.model_type}: {error}") from error


def audit(model: PeftModel, fresh: Sequence[str], implied: int) -> list[str]:
    """Peft's line and what is trained, in words.

    `fresh` names the parameters that came random, not from the encoder's files; `implied` is how many the recipe
    trains.

    Raises:
        GateError: a random parameter is frozen, so it would stay random: the head of the original assignment; or other
            parameters are trained than the recipe implies.
    """
    trainable = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    frozen = [name for name in fresh if not any(_is_copy_of(name, peft_name) for peft_name in trainable)]
    if frozen:
        raise GateError(f"LoRA would leave {', '.join(frozen)} random and frozen; name it in modules_to_save")
    adapters = sum(p.numel() for name, p in model.named_parameters() if "lora_" in name)
    _, all_trainable = count_parameters(model)
    if all_trainable != implied:
        raise GateError(
            f"{all_trainable:,} parameters would be trained, the recipe implies {implied:,}: its target_modules reach "
            "other parts of this encoder than they name, or its head has another name than classifier or score"
        )
    return [peft_line(model), f"trained: {adapters:,} in adapters, {all_trainable - adapters:,} in the head"]


def peft_line(model: PeftModel) -> str:
    """What `print_trainable_parameters` prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        model.print_trainable_parameters()
    return printed.getvalue().strip()


def merge(model: PeftModel, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> tuple[PreTrainedModel, str]:
    """A plain model with the adapters added into its weights, and the proof in words.

    Raises:
        ModelError: a probe's logits move by more than 1e-4 in the merge.
    """
    model.eval()
    before = logits_of(Classifier(cast(PreTrainedModel, model), tokenizer), PROBES, max_length=max_length)
    plain = cast(PreTrainedModel, model.merge_and_unload())
    after = logits_of(Classifier(plain, tokenizer), PROBES, max_length=max_length)
    moved = (before - after).abs().max().item()
    if moved > 1e-4:
        raise ModelError(f"merging the adapters moved a logit by {moved:.2e}")
    return plain, f"merged into a plain model: no probe's logit moved by more than {max(moved, 1e-7):.0e}"


def _is_copy_of(name: str, peft_name: str) -> bool:
    """Whether peft's `base_model.model.classifier.modules_to_save.default.weight` is `classifier.weight`."""
    return peft_name.replace("modules_to_save.default.", "").endswith(f".{name}")
