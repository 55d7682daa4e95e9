import pytest
import torch
from tiny import comments, tiny_classifier

from potstill.models.forward import encode, label_count, pad, pad_id_of, predict_logits

CLASSIFIER = tiny_classifier(labels=3)
ROWS = encode(CLASSIFIER.tokenizer, comments(20)[0], max_length=32)


def test_texts_are_cut_with_their_special_tokens() -> None:
    short, cut = encode(CLASSIFIER.tokenizer, ["good", "good " * 50], max_length=8)
    first, last = CLASSIFIER.tokenizer.cls_token_id, CLASSIFIER.tokenizer.sep_token_id
    assert (short[0], short[-1], len(short)) == (first, last, 3)
    assert (cut[0], cut[-1], len(cut)) == (first, last, 8)
    assert encode(CLASSIFIER.tokenizer, [], max_length=8) == []


def test_padding_is_masked() -> None:
    inputs = pad([[2, 7, 3], [2]], 9)
    assert torch.equal(inputs["input_ids"], torch.tensor([[2, 7, 3], [2, 9, 9]]))
    assert torch.equal(inputs["attention_mask"], torch.tensor([[1, 1, 1], [1, 0, 0]]))


def test_the_head_says_how_many_labels_there_are_and_the_config_what_pads() -> None:
    assert label_count(CLASSIFIER.model) == 3
    model = tiny_classifier().model
    model.config.pad_token_id = 7
    assert pad_id_of(model) == 7
    model.config.pad_token_id = None
    assert pad_id_of(model) == 0


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_logits_come_in_the_order_of_the_rows(batch_size: int) -> None:
    alone = torch.cat([predict_logits(CLASSIFIER.model, [row], batch_size=1) for row in ROWS])
    done: list[int] = []
    logits = predict_logits(CLASSIFIER.model, ROWS, batch_size=batch_size, on_rows=done.append)
    assert torch.allclose(logits, alone, atol=1e-6)
    assert logits.dtype == torch.float32
    assert sum(done) == len(ROWS)
    assert max(done) <= batch_size


def test_a_model_in_training_answers_without_dropout_and_trains_on() -> None:
    classifier = tiny_classifier()
    wanted = predict_logits(classifier.model, ROWS, batch_size=8)
    classifier.model.train()
    assert torch.equal(predict_logits(classifier.model, ROWS, batch_size=8), wanted)
    assert classifier.model.training


def test_no_rows_have_no_logits() -> None:
    assert predict_logits(CLASSIFIER.model, [], batch_size=8).shape == (0, 3)
