import pytest
import torch
from tiny import ODD_TEXTS, comments, tiny_classifier
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from potstill.domain.errors import ModelError
from potstill.domain.normalise import normalise
from potstill.models.forward import encode, predict_logits
from potstill.models.packed import PackedBert

CLASSIFIER = tiny_classifier(layers=3, labels=3)
ROWS = encode(CLASSIFIER.tokenizer, [normalise(text) for text in (*ODD_TEXTS, *comments(60)[0])], max_length=64)


@pytest.mark.parametrize("budget", [1, 100, 4096])
def test_packed_tokens_give_the_padded_model_s_logits(budget: int) -> None:
    wanted = predict_logits(CLASSIFIER.model, ROWS, batch_size=8)
    assert torch.allclose(PackedBert(CLASSIFIER.model)(ROWS, budget), wanted, atol=1e-5)


def test_half_precision_is_near_and_leaves_the_model_alone() -> None:
    before = {name: tensor.clone() for name, tensor in CLASSIFIER.model.state_dict().items()}
    wanted = predict_logits(CLASSIFIER.model, ROWS, batch_size=8)
    assert torch.allclose(PackedBert(CLASSIFIER.model, torch.bfloat16)(ROWS), wanted, atol=0.03)
    assert all(torch.equal(before[name], tensor) for name, tensor in CLASSIFIER.model.state_dict().items())


def test_a_row_does_not_feel_its_company() -> None:
    packed = PackedBert(CLASSIFIER.model)
    alone = torch.cat([packed([row]) for row in ROWS])
    assert torch.allclose(alone, packed(ROWS), atol=1e-5)


def test_no_rows_have_no_logits() -> None:
    assert PackedBert(CLASSIFIER.model)([]).shape == (0, 3)


def test_another_family_is_refused() -> None:
    model = DistilBertForSequenceClassification(DistilBertConfig(vocab_size=50, dim=32, n_layers=1, n_heads=2))
    with pytest.raises(ModelError, match="distilbert"):
        PackedBert(model)
