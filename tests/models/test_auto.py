from pathlib import Path

import pytest
import torch
from tiny import tiny_classifier, tiny_config, tiny_encoder, tiny_tokenizer

from potstill.models.auto import model_from_config, read_config, read_model, read_tokenizer, write_part


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    model = tiny_classifier().model
    write_part(model, tmp_path)
    write_part(tiny_tokenizer(), tmp_path)
    again, lacking = read_model(tmp_path, read_config(tmp_path))
    assert lacking == ()
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in model.state_dict().items())
    assert read_tokenizer(tmp_path).get_vocab() == tiny_tokenizer().get_vocab()


def test_an_encoder_lacks_its_head_and_it_is_named(tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "encoder")
    model, lacking = read_model(folder, read_config(folder, num_labels=3))
    assert lacking == ("classifier.bias", "classifier.weight")
    assert model.state_dict()["classifier.weight"].shape == (3, 32)


def test_a_config_keeps_its_labels_where_no_number_is_asked_for(tmp_path: Path) -> None:
    write_part(tiny_classifier(labels=5).model, tmp_path)
    assert (read_config(tmp_path).num_labels, read_config(tmp_path, num_labels=2).num_labels) == (5, 2)


def test_weights_of_half_precision_are_read_in_full(tmp_path: Path) -> None:
    write_part(tiny_classifier().model.bfloat16(), tmp_path)
    model, _ = read_model(tmp_path, read_config(tmp_path))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_a_model_of_a_config_is_of_its_size() -> None:
    assert model_from_config(tiny_config(layers=2)).config.num_hidden_layers == 2


def test_a_folder_without_a_tokenizer_raises(tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        read_tokenizer(tmp_path)
