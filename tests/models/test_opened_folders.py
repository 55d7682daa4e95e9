"""Model folders that are odd and right: they open, and answer as they should."""

import logging
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from odd_folders import (
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    Make,
    adapter,
    configured,
    decoder,
    edit,
    masked_words,
    named,
    plain,
    renamed,
    sentence_encoder,
    shards,
    weights,
)
from safetensors.torch import load_file
from tiny import comments, tiny_tokenizer
from transformers import FunnelConfig, LongformerConfig, PretrainedConfig, XLNetConfig

from potstill.domain.errors import ModelError
from potstill.domain.layers import plan_layers
from potstill.domain.read_as import ReadAs
from potstill.domain.task import Task
from potstill.models.auto import model_from_config, write_part
from potstill.models.classifier import open_classifier, open_encoder, save_classifier
from potstill.models.forward import predict_logits
from potstill.models.layer_stack import prune_layers
from potstill.models.predictor import open_predictor
from potstill.models.subsets import all_subsets, subset_logits

TEXTS = ["you are a fool", "thanks " * 100, "the patch is not bad"]
TASK = Task(labels=("fine", "toxic"), positive="toxic")
HALF = weights(lambda tensors: {name: tensor.bfloat16() for name, tensor in tensors.items()})
ALIKE: dict[str, Make] = {
    "DataParallel": renamed(lambda name: f"module.{name}"),
    "compiled": renamed(lambda name: f"_orig_mod.{name}"),
    "both": renamed(lambda name: f"module._orig_mod.{name}"),
    "shards": shards,
    "position ids": weights(lambda tensors: {**tensors, "bert.embeddings.position_ids": torch.arange(64)[None]}),
    "no length": lambda folder: edit(plain(folder) / "tokenizer_config.json", model_max_length=10**30),
    "numbers as names": configured(id2label={"0": 0, "1": 1}, label2id={}),
}


@pytest.mark.parametrize("case", ALIKE)
def test_a_folder_that_is_odd_and_right_answers_as_it_should(case: str, tmp_path: Path) -> None:
    ALIKE[case](tmp_path / "odd")
    expected = open_predictor(str(plain(tmp_path / "plain")))(TEXTS)
    assert np.abs(open_predictor(str(tmp_path / "odd"))(TEXTS) - expected).max() == 0


def test_weights_in_half_precision_are_read_in_full(tmp_path: Path) -> None:
    HALF(tmp_path / "half")
    expected = open_predictor(str(plain(tmp_path / "plain")))(TEXTS)
    assert 0 < np.abs(open_predictor(str(tmp_path / "half"))(TEXTS) - expected).max() < 0.05


def test_the_prefix_of_a_wrapping_is_said_and_is_not_saved_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ALIKE["DataParallel"](tmp_path / "odd")
    with caplog.at_level(logging.WARNING):
        classifier = open_classifier(tmp_path / "odd")
    assert "every weight is named module...., as a wrapped model's is: the prefix is left out" in caplog.text
    save_classifier(classifier, tmp_path / "again", max_length=32, card="")
    assert not any(name.startswith("module") for name in load_file(tmp_path / "again" / WEIGHTS))


def test_more_rows_than_tokens_are_padding_of_the_embedding(tmp_path: Path) -> None:
    tokens = len(tiny_tokenizer())
    configured(vocab_size=tokens + 6)(tmp_path / "model")
    path = tmp_path / "model" / WEIGHTS
    name = "bert.embeddings.word_embeddings.weight"

    def padded(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {**tensors, name: torch.cat([tensors[name], torch.zeros(6, 32)])}

    weights(padded)(tmp_path / "other")
    shutil.copy(tmp_path / "other" / WEIGHTS, path)
    expected = open_predictor(str(plain(tmp_path / "plain")))(TEXTS)
    assert np.abs(open_predictor(str(tmp_path / "model"))(TEXTS) - expected).max() == 0


def test_a_decoder_without_padding_is_batched_by_its_end_and_reads_a_text_without_tokens(tmp_path: Path) -> None:
    predictor = open_predictor(str(decoder(tmp_path / "model")))
    classifier = open_classifier(tmp_path / "model")
    assert classifier.model.config.pad_token_id == 0
    texts = ["thanks", "you are an idiot, and a long one at that", "", "thanks"]
    alone = np.concatenate([predictor([text]) for text in texts])
    assert np.abs(predictor(texts) - alone).max() < 1e-5
    assert alone[0].tolist() == alone[3].tolist() != alone[2].tolist()
    assert np.isfinite(alone).all()


def test_a_decoder_without_any_end_reads_one_text_at_a_time(tmp_path: Path) -> None:
    expected = open_predictor(str(decoder(tmp_path / "with")))(["thanks", "you are an idiot"])
    folder = decoder(tmp_path / "without")
    edit(folder / CONFIG, eos_token_id=None, bos_token_id=None, pad_token_id=None)
    edit(folder / "tokenizer_config.json", eos_token=None, bos_token=None)
    classifier = open_classifier(folder)
    assert classifier.model.config.pad_token_id is None
    assert np.abs(open_predictor(str(folder))(["thanks", "you are an idiot"]) - expected).max() < 1e-5


def test_a_decoder_is_cut_where_its_positions_end_and_its_layers_can_be_chosen_from(tmp_path: Path) -> None:
    predictor = open_predictor(str(decoder(tmp_path / "model")))
    assert predictor.max_length == 100
    assert np.isfinite(predictor(["fool " * 400])).all()
    classifier = open_classifier(tmp_path / "model")
    rows = [[5, 6, 7], [8, 9]]
    logits = subset_logits(classifier.model, rows, all_subsets(2, 1))
    student = prune_layers(classifier.model, plan_layers([1], 2)).eval()
    assert torch.allclose(logits[1], predict_logits(student, rows, batch_size=2), atol=1e-5)


def test_what_a_model_of_several_labels_means_is_said_and_can_be_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "model"
    configured(3, **named("toxic", "threat", "insult"))(folder)
    with caplog.at_level(logging.WARNING):
        assumed = open_predictor(str(folder))
    assert "read as one of them; --problem multilabel reads each label by itself" in caplog.text
    asked = open_predictor(str(folder), ReadAs(problem="multilabel"))
    assert (assumed.task.problem, asked.task.problem) == ("multiclass", "multilabel")
    softmaxes, sigmoids = (np.array([p.shares for p in each.predict(TEXTS) if p]) for each in (assumed, asked))
    assert softmaxes.sum(axis=1) == pytest.approx(1)
    assert sigmoids == pytest.approx(1 / (1 + np.exp(-asked(TEXTS))), abs=1e-6)
    with pytest.raises(ModelError, match="has 3 labels, so it is not binary"):
        open_predictor(str(folder), ReadAs(problem="binary"))
    edit(folder / CONFIG, problem_type="single_label_classification")
    with pytest.raises(ModelError, match=r"says single_label_classification \(problem_type\), which is not multilabel"):
        open_predictor(str(folder), ReadAs(problem="multilabel"))


def test_the_command_that_an_adapter_is_refused_with_merges_it(tmp_path: Path) -> None:
    adapter(tmp_path / "adapter")
    with pytest.raises(ModelError) as refused:
        open_predictor(str(tmp_path / "adapter"))
    command = shlex.split(str(refused.value).splitlines()[2])
    assert command[0] == "python"
    subprocess.run([sys.executable, *command[1:]], check=True, cwd=tmp_path, capture_output=True)
    for name in (TOKENIZER, "tokenizer_config.json"):
        shutil.copy(tmp_path / "base" / name, tmp_path / "merged" / name)
    merged = open_predictor(str(tmp_path / "merged"))(TEXTS)
    assert np.abs(merged - open_predictor(str(tmp_path / "base"))(TEXTS)).max() > 1e-4


def test_an_encoder_may_bring_another_head_and_lack_its_own(tmp_path: Path) -> None:
    masked_words(tmp_path / "masked")
    sentence_encoder(tmp_path / "sentences")
    assert "classifier.weight" in open_encoder(tmp_path / "masked", TASK, 0).fresh
    assert open_encoder(tmp_path / "sentences", TASK, 0).fresh == ("classifier.bias", "classifier.weight")


@pytest.mark.parametrize("layers", [1, 3])
def test_an_encoder_of_another_depth_than_its_weights_is_refused(layers: int, tmp_path: Path) -> None:
    """Half of it would be random, or left out, and the fine-tuned teacher would not tell."""
    sentence_encoder(tmp_path / "encoder")
    edit(tmp_path / "encoder" / CONFIG, num_hidden_layers=layers)
    with pytest.raises(ModelError, match=f"a bert of {layers} layers, the weights are of 2"):
        open_encoder(tmp_path / "encoder", TASK, 0)


def test_an_old_vocabulary_makes_a_tokenizer(tmp_path: Path) -> None:
    folder = plain(tmp_path / "model")
    words = sorted(tiny_tokenizer().get_vocab(), key=tiny_tokenizer().get_vocab().__getitem__)
    (folder / TOKENIZER).unlink()
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "mask_token": "[UNK]"}')
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    texts = comments(20)[0]
    assert open_predictor(str(folder))(texts).tolist() == open_predictor(str(plain(tmp_path / "plain")))(texts).tolist()


SMALL: dict[str, Any] = {
    "vocab_size": len(tiny_tokenizer()),
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "hidden_size": 32,
}
XLNET = XLNetConfig(vocab_size=len(tiny_tokenizer()), d_model=32, n_layer=2, n_head=2, d_inner=64)
LONGFORMER = LongformerConfig(
    **SMALL, intermediate_size=64, max_position_embeddings=70, attention_window=8, pad_token_id=0
)
FUNNEL = FunnelConfig(vocab_size=len(tiny_tokenizer()), d_model=32, block_sizes=[1, 1], n_head=2, d_head=16, d_inner=64)


@pytest.mark.parametrize("config", [XLNET, LONGFORMER, FUNNEL], ids=["xlnet", "longformer", "funnel"])
def test_families_whose_layers_are_not_like_berts_open_and_are_refused_where_layers_are_tried(
    config: PretrainedConfig, tmp_path: Path
) -> None:
    write_part(model_from_config(config).eval(), tmp_path)
    write_part(tiny_tokenizer(), tmp_path)
    assert np.isfinite(open_predictor(str(tmp_path))(TEXTS)).all()
    with pytest.raises(ModelError, match=r"cannot be tried by themselves|no list of|several lists of"):
        subset_logits(open_classifier(tmp_path).model, [[4, 5, 6]], all_subsets(2, 1))
