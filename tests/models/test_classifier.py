from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny import tiny_classifier, tiny_encoder
from transformers import BertConfig, ModernBertConfig, PretrainedConfig, RobertaConfig, pipeline

from potstill.domain.errors import ModelError
from potstill.domain.layers import plan_layers
from potstill.domain.task import Task
from potstill.models.auto import model_from_config
from potstill.models.classifier import (
    Classifier,
    check_input_length,
    logits_of,
    open_classifier,
    open_encoder,
    save_classifier,
)
from potstill.models.forward import predict_logits
from potstill.models.layer_stack import prune_layers

TASK = Task(labels=("fine", "toxic"), positive="toxic")


def test_a_saved_student_opens_elsewhere_and_answers_the_same(tmp_path: Path) -> None:
    teacher = tiny_classifier(layers=4)
    student = Classifier(prune_layers(teacher.model, plan_layers("odd", 4)).eval(), teacher.tokenizer)
    size = save_classifier(student, tmp_path / "student", max_length=32, card="# a student\n")
    assert size == (tmp_path / "student" / "model.safetensors").stat().st_size
    reloaded = open_classifier(tmp_path / "student")
    texts = ["you are a fool", "thanks", ""]
    assert torch.equal(logits_of(student, texts, max_length=32), logits_of(reloaded, texts, max_length=32))
    assert reloaded.model.config.potstill_layers["kept"] == [0, 2]
    answers = pipeline("text-classification", model=str(tmp_path / "student"))("you are a fool")
    assert answers[0]["label"] in ("LABEL_0", "LABEL_1")


def test_a_save_that_loses_weights_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    broken = tiny_classifier(layers=4)
    broken.model.config.num_hidden_layers = 2  # the fault of many layer-pruned checkpoints, the other way round
    with pytest.raises(ModelError, match=r"describes a bert of 2 layers, the weights are of 4"):
        save_classifier(broken, tmp_path / "broken", max_length=32, card="")
    assert not (tmp_path / "broken").exists()


def test_an_encoder_gets_a_fresh_head_by_seed(tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "encoder")
    opened = [open_encoder(folder, TASK, seed) for seed in (0, 0, 1)]
    assert opened[0].fresh == ("classifier.bias", "classifier.weight")
    heads = [classifier.model.state_dict()["classifier.weight"] for classifier in opened]
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
    assert opened[0].model.config.id2label == {0: "fine", 1: "toxic"}


def test_pickled_weights_are_not_loaded(tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "encoder")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="no safetensors"):
        open_classifier(folder)


def test_logits_do_not_depend_on_order_or_batch() -> None:
    model = tiny_classifier()
    texts = ["you are a fool", "thanks", "the patch is not bad", "a"]
    alone = torch.cat([logits_of(model, [text], max_length=32) for text in texts])
    together = logits_of(model, texts, max_length=32, batch_size=3)
    assert torch.allclose(alone, together, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "settings", "longest"),
    [
        (BertConfig, {}, 20),
        (RobertaConfig, {"pad_token_id": 1}, 18),
        (ModernBertConfig, {"pad_token_id": 0}, None),
    ],
)
def test_a_model_reads_as_many_tokens_as_it_has_positions_for(
    kind: Callable[..., PretrainedConfig], settings: dict[str, int], longest: int | None
) -> None:
    small = {"vocab_size": 30, "hidden_size": 8, "intermediate_size": 8, "max_position_embeddings": 20}
    config = kind(**small, num_hidden_layers=1, num_attention_heads=2, **settings)
    model = model_from_config(config).eval()
    check_input_length(model, longest or 400)
    assert predict_logits(model, [[5] * (longest or 400)], batch_size=1).isfinite().all()
    if longest is not None:
        with pytest.raises(ModelError, match=f"max_length {longest + 1} is more than the {longest} tokens"):
            check_input_length(model, longest + 1)
        with pytest.raises((IndexError, RuntimeError)):
            predict_logits(model, [[5] * (longest + 1)], batch_size=1)
