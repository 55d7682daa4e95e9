"""Every family, pruned, distilled, adapted: the teacher untouched, same seed same logits, nothing lost on disk."""

from pathlib import Path
from typing import cast

import pytest
import torch
from families import FAMILIES, tiny_of
from pydantic import TypeAdapter
from tiny import comments
from transformers import PreTrainedModel

from potstill.domain.errors import ModelError
from potstill.domain.task import Task
from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.union import make_model
from potstill.models.classifier import Classifier, logits_of, open_classifier, save_classifier
from potstill.models.forward import encode, predict_logits
from potstill.models.lora_targets import target_choices
from potstill.recipes.base import BaseRecipe
from potstill.recipes.training import TrainingSettings
from potstill.recipes.union import Recipe
from potstill.training.objective import TeacherOutputs

TASK = Task(labels=("fine", "toxic"), positive="toxic")
TRAINING = TrainingSettings(epochs=4, batch_size=8, learning_rate=3e-3, max_length=32, precision="fp32")
LORA_TRAINING = TRAINING.model_copy(update={"epochs": 10, "learning_rate": 2e-2})
TEXTS, LABELS = comments(24)
LORA = {"kind": "lora", "init": "base"}
HYBRID = {"kind": "hybrid", "keep": [0, 2], "ce_weight": 1}
LAYERWISE = {"kind": "progressive", "keep": [0, 2], "schedule": "layerwise"}
STUDENT = {"kind": "student", "keep": [0, 2], "ce_weight": 0, "kl_weight": 1}


def make(settings: dict[str, object], teacher: Classifier, encoder: Path, seed: int = 0) -> TrainedModel:
    recipe: BaseRecipe = TypeAdapter(Recipe).validate_python(settings)
    rows = encode(teacher.tokenizer, TEXTS, max_length=32)
    taught = TeacherSignal(teacher, TeacherOutputs(predict_logits(teacher.model, rows, batch_size=8)))
    training = LORA_TRAINING if recipe.family() in ("lora", "hybrid") else TRAINING
    context = TrainingContext(TASK, encoder, training, rows, LABELS)
    return make_model(recipe, context, taught, seed)


def saved_encoder(family: str, folder: Path) -> Path:
    """The encoder without its head, as a hub has it."""
    encoder = tiny_of(family, seed=3)
    cast(PreTrainedModel, encoder.model.base_model).save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("settings", [STUDENT, LORA, HYBRID, LAYERWISE], ids=["student", "lora", "hybrid", "layerwise"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family(family: str, settings: dict[str, object], tmp_path: Path) -> None:
    teacher, encoder = tiny_of(family, seed=5), saved_encoder(family, tmp_path / "encoder")
    before = {name: tensor.clone() for name, tensor in teacher.model.state_dict().items()}
    made = make(settings, teacher, encoder)
    assert all(torch.equal(tensor, before[name]) for name, tensor in teacher.model.state_dict().items())
    logits = logits_of(made.classifier, TEXTS, max_length=32)
    assert torch.equal(logits, logits_of(make(settings, teacher, encoder).classifier, TEXTS, max_length=32))
    assert not torch.equal(logits, logits_of(make(settings, teacher, encoder, seed=1).classifier, TEXTS, max_length=32))
    save_classifier(made.classifier, tmp_path / "model", max_length=32, card="")
    assert torch.equal(logits, logits_of(open_classifier(tmp_path / "model"), TEXTS, max_length=32))
    assert made.training
    if settings is LAYERWISE:
        assert made.training.curve[0].losses.keys() == {"layer"}
        assert made.training.curve[-1].losses.keys() == {"ce", "kl"}
    else:
        assert made.training.curve[-1].loss < made.training.curve[0].loss
    if settings in (LORA, HYBRID):
        assert "no probe's logit moved by more than" in " ".join(made.audit)


@pytest.mark.parametrize("family", FAMILIES)
def test_all_layers_kept_are_the_teacher(family: str, tmp_path: Path) -> None:
    teacher = tiny_of(family, seed=5)
    made = make({"kind": "untrained", "keep": [0, 1, 2, 3]}, teacher, tmp_path)
    wanted = logits_of(teacher, TEXTS, max_length=32)
    assert torch.equal(logits_of(made.classifier, TEXTS, max_length=32), wanted)


def test_modernbert_without_its_first_layer_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Its first layer has no attention norm; another one in its place would lose a trained norm when it is saved."""
    with pytest.raises(ModelError, match="keep layer 0"):
        make({"kind": "untrained", "keep": "even"}, tiny_of("modernbert"), tmp_path)


def test_an_unknown_family_of_attention_asks_for_targets(tmp_path: Path) -> None:
    teacher = tiny_of("bert")
    with pytest.raises(ModelError, match="none of its products is called nosuch"):
        make({**LORA, "target_modules": ["nosuch"]}, teacher, saved_encoder("bert", tmp_path / "encoder"))


@pytest.mark.parametrize("family", FAMILIES)
def test_adapters_everywhere_leave_a_head_alone_whose_modules_have_the_same_names(family: str, tmp_path: Path) -> None:
    teacher, encoder = tiny_of(family, seed=5), saved_encoder(family, tmp_path / "encoder")
    targets = target_choices(teacher.model)["all"]
    for init in ("base", "teacher"):
        made = make({"kind": "lora", "init": init, "target_modules": targets}, teacher, encoder)
        assert "in adapters" in " ".join(made.audit)
