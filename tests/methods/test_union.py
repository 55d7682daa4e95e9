"""Every method, through the union: the teacher untouched, the same seed the same logits, save and reload exact."""

import copy
from pathlib import Path

import pytest
import torch
from pydantic import TypeAdapter
from tiny import comments, tiny_classifier, tiny_encoder

from potstill.domain.task import Task
from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.union import METHODS, make_model
from potstill.models.classifier import count_parameters, logits_of, open_classifier, open_encoder, save_classifier
from potstill.models.forward import encode, predict_logits
from potstill.recipes.base import BaseRecipe
from potstill.recipes.training import TrainingSettings
from potstill.recipes.union import RECIPES, Recipe
from potstill.training.objective import TeacherOutputs

TASK = Task(labels=("fine", "toxic"), positive="toxic")
TRAINING = TrainingSettings(epochs=1, batch_size=8, learning_rate=1e-3, max_length=32, precision="fp32")
SETTINGS = [
    {"kind": "student", "keep": "even"},
    {"kind": "student", "keep": [0, 3], "hidden_weight": 0.3, "hidden_loss": "mse"},
    {"kind": "student", "keep": [3, 1], "reorder": True, "cosine_weight": 0.3},
    {"kind": "student", "keep": "odd", "teacher": "untrained"},
    {"kind": "finetune", "keep": "odd"},
    {"kind": "untrained", "keep": "spread", "num_layers": 3},
    {"kind": "lora", "init": "base", "target_modules": ["query", "value"]},
    {"kind": "lora", "init": "teacher", "loss": "kd", "target_modules": ["query", "value"]},
    {"kind": "lora", "init": "base", "train_head": False, "target_modules": ["query", "value"]},
    {"kind": "hybrid", "keep": "odd", "r": 4},
    {"kind": "progressive", "schedule": "layerwise", "match": "last"},
    {"kind": "progressive", "schedule": "layerwise", "match": "mean", "share": 0.9},
    {"kind": "progressive", "schedule": "stages", "epochs": 2},
    {"kind": "progressive", "schedule": "theseus"},
    {"kind": "small", "encoder": "small"},
    {"kind": "small", "encoder": "small", "loss": "kd"},
]
TEXTS, LABELS = comments(24)


def make(settings: dict[str, object], encoder: Path, seed: int) -> tuple[TrainedModel, TeacherSignal]:
    recipe: BaseRecipe = TypeAdapter(Recipe).validate_python(settings)
    teacher = tiny_classifier(layers=4, seed=5)
    rows = encode(teacher.tokenizer, TEXTS, max_length=32)
    taught = TeacherSignal(teacher, TeacherOutputs(predict_logits(teacher.model, rows, batch_size=8)))
    if recipe.own_encoder() and not (encoder.parent / "small").is_dir():
        tiny_encoder(encoder.parent / "small", layers=1, seed=9)
    context = TrainingContext(
        TASK, encoder, recipe.training_settings(TRAINING), rows, LABELS, texts=TEXTS, root=encoder.parent
    )
    return make_model(recipe, context, taught, seed), taught


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(str(v) for v in s.values()))
def test_a_method(settings: dict[str, object], tmp_path: Path) -> None:
    encoder = tiny_encoder(tmp_path / "encoder", layers=4)
    made, taught = make(settings, encoder, seed=0)
    assert all(
        torch.equal(tensor, taught.classifier.model.state_dict()[name])
        for name, tensor in tiny_classifier(layers=4, seed=5).model.state_dict().items()
    )
    again, _ = make(settings, encoder, seed=0)
    logits = logits_of(made.classifier, TEXTS, max_length=32)
    assert torch.equal(logits, logits_of(again.classifier, TEXTS, max_length=32))
    if settings["kind"] != "untrained":
        another, _ = make(settings, encoder, seed=1)
        assert not torch.equal(logits, logits_of(another.classifier, TEXTS, max_length=32))
    save_classifier(made.classifier, tmp_path / "model", max_length=32, card="")
    reloaded = open_classifier(tmp_path / "model")
    assert torch.equal(logits, logits_of(reloaded, TEXTS, max_length=32))
    assert made.parameters[0] == count_parameters(reloaded.model)[0] >= made.parameters[1]


def test_lora_keeps_its_adapter_beside_the_merged_model(tmp_path: Path) -> None:
    encoder = tiny_encoder(tmp_path / "encoder", layers=4)
    made, _ = make({"kind": "lora", "target_modules": ["query", "value"]}, encoder, seed=0)
    assert made.save_adapter
    made.save_adapter(tmp_path / "adapter")
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()
    assert not any("lora" in name for name in copy.deepcopy(made.classifier.model).state_dict())


def test_the_union_knows_every_method_by_its_kind_and_each_is_tested_here() -> None:
    assert {recipe.model_fields["kind"].default for recipe in RECIPES} == {settings["kind"] for settings in SETTINGS}
    assert [method.recipe for method in METHODS] == list(RECIPES), "every recipe has its method"


def test_an_untrained_teacher_is_another_for_every_seed_and_hides_the_trained_one(tmp_path: Path) -> None:
    encoder = tiny_encoder(tmp_path / "encoder", layers=4)
    settings: dict[str, object] = {"kind": "student", "keep": [0, 2], "teacher": "untrained", "epochs": 1}
    made, taught = make({**settings, "learning_rate": 1e-9}, encoder, seed=3)
    start = open_classifier(encoder).model.state_dict()
    student = made.classifier.model.state_dict()
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert torch.allclose(student[name], start[name], atol=1e-6), "pruned from the encoder"
    assert not torch.allclose(student[name], taught.classifier.model.state_dict()[name], atol=1e-6)


def test_a_frozen_head_stays_as_it_came(tmp_path: Path) -> None:
    encoder = tiny_encoder(tmp_path / "encoder", layers=4)
    settings: dict[str, object] = {"kind": "lora", "train_head": False, "target_modules": ["query", "value"]}
    made, _ = make(settings, encoder, seed=2)
    head = open_encoder(encoder, TASK, 2).model.state_dict()["classifier.weight"]
    assert torch.equal(made.classifier.model.state_dict()["classifier.weight"], head)
    assert "0 in the head" in " ".join(made.audit)


@pytest.mark.parametrize(
    ("settings", "gates"),
    [
        ({"kind": "student", "keep": [3, 1], "reorder": True}, ["layer_order"]),
        ({"kind": "student", "keep": [1, 3], "reorder": True}, []),
        ({"kind": "student", "teacher": "untrained"}, ["random_teacher"]),
        (
            {"kind": "student", "teacher": "untrained", "keep": [1, 0], "reorder": True},
            ["layer_order", "random_teacher"],
        ),
        ({"kind": "untrained", "keep": [1, 0], "reorder": True}, ["layer_order"]),
        ({"kind": "lora", "train_head": False}, ["frozen_head"]),
        ({"kind": "lora", "train_head": False, "init": "teacher"}, []),
        ({"kind": "lora"}, []),
    ],
)
def test_what_a_gate_refuses(settings: dict[str, object], gates: list[str]) -> None:
    recipe: BaseRecipe = TypeAdapter(Recipe).validate_python(settings)
    assert recipe.needs_waived() == gates
