"""Every method, through the union: the teacher untouched, the same seed the same logits, save and reload exact."""

import copy
from pathlib import Path

import pytest
import torch
from pydantic import TypeAdapter
from tiny import comments, tiny_classifier, tiny_encoder

from potstill.domain.task import Task
from potstill.methods.bench import Bench, Made, Method, Taught, Training
from potstill.methods.union import METHODS, Recipe
from potstill.models.classifier import logits_of, open_classifier, save_classifier
from potstill.models.forward import encode, predict_logits
from potstill.training.loop import Guidance

TASK = Task(labels=("fine", "toxic"), positive="toxic")
TRAINING = Training(epochs=1, batch_size=8, learning_rate=1e-3, max_length=32, precision="fp32")
SETTINGS = [
    {"kind": "student", "keep": "even"},
    {"kind": "student", "keep": [0, 3], "hidden_weight": 0.3, "hidden_loss": "mse"},
    {"kind": "finetune", "keep": "odd"},
    {"kind": "untrained", "keep": "spread", "num_layers": 3},
    {"kind": "lora", "init": "base", "target_modules": ["query", "value"]},
    {"kind": "lora", "init": "teacher", "loss": "kd", "target_modules": ["query", "value"]},
]
TEXTS, LABELS = comments(24)


def make(settings: dict[str, object], encoder: Path, seed: int) -> tuple[Made, Taught]:
    method: Method = TypeAdapter(Recipe).validate_python(settings)
    teacher = tiny_classifier(layers=4, seed=5)
    rows = encode(teacher.tokenizer, TEXTS, max_length=32)
    taught = Taught(teacher, Guidance(predict_logits(teacher.model, rows, batch_size=8)))
    bench = Bench(TASK, encoder, method.trained_as(TRAINING), rows, LABELS)
    return method.make(bench, taught, seed), taught


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
        other, _ = make(settings, encoder, seed=1)
        assert not torch.equal(logits, logits_of(other.classifier, TEXTS, max_length=32))
    save_classifier(made.classifier, tmp_path / "model", max_length=32, card="")
    reloaded = open_classifier(tmp_path / "model")
    assert torch.equal(logits, logits_of(reloaded, TEXTS, max_length=32))
    assert made.parameters[0] >= made.parameters[1]


def test_lora_keeps_its_adapter_beside_the_merged_model(tmp_path: Path) -> None:
    encoder = tiny_encoder(tmp_path / "encoder", layers=4)
    made, _ = make(SETTINGS[4], encoder, seed=0)
    assert made.save_adapter
    made.save_adapter(tmp_path / "adapter")
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()
    assert not any("lora" in name for name in copy.deepcopy(made.classifier.model).state_dict())


def test_the_union_knows_every_method_by_its_kind() -> None:
    assert {method.model_fields["kind"].default for method in METHODS} == {"student", "finetune", "untrained", "lora"}
