import copy
from typing import Any

import pytest
import torch
from tiny import comments, tiny_classifier
from transformers import BertConfig, BertForSequenceClassification, PreTrainedModel

from potstill.domain.layers import plan_layers
from potstill.models.forward import encode, pad, predict_logits
from potstill.models.layer_stack import prune_layers
from potstill.recipes.student import HiddenLoss
from potstill.recipes.training import TrainingSettings
from potstill.training.batches import epoch_batches, plan_batches
from potstill.training.loop import EpochScore, train
from potstill.training.objective import UNLABELLED, Batch, Distillation, Part, TeacherOutputs

SETTINGS = TrainingSettings(learning_rate=1e-3, epochs=2, batch_size=8, precision="fp32")


def changed(**settings: Any) -> TrainingSettings:
    """The usual settings, some of them others."""
    return SETTINGS.model_copy(update=settings)


def rows(count: int = 48) -> tuple[list[list[int]], list[int]]:
    texts, labels = comments(count)
    return encode(tiny_classifier().tokenizer, texts, max_length=32), labels


def opinionated_teacher() -> tuple[PreTrainedModel, TeacherOutputs]:
    """A teacher with opinions: a random head's logits are all but equal, and leave nothing to learn."""
    teacher = tiny_classifier(layers=4, seed=1).model
    with torch.no_grad():
        teacher.get_parameter("classifier.weight").mul_(50)
    return teacher, TeacherOutputs(predict_logits(teacher, rows()[0], batch_size=16), teacher)


def same(first: PreTrainedModel, second: PreTrainedModel) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_every_row_stands_once_in_an_epoch_and_neighbours_are_of_like_length() -> None:
    lengths = [1 + (row * 7) % 40 for row in range(101)]
    batches = epoch_batches(lengths, 8, seed=3, epoch=0)
    assert sorted(row for batch in batches for row in batch) == list(range(101))
    assert batches == epoch_batches(lengths, 8, seed=3, epoch=0)
    assert batches != epoch_batches(lengths, 8, seed=3, epoch=1)
    assert max(max(lengths[row] for row in batch) - min(lengths[row] for row in batch) for batch in batches) <= 5


def test_a_budget_is_spent_in_as_many_epochs_as_it_takes() -> None:
    lengths = [1 + (row * 7) % 40 for row in range(101)]
    two = plan_batches(lengths, 8, seed=3, epochs=2)
    assert two == [epoch_batches(lengths, 8, seed=3, epoch=epoch) for epoch in range(2)]
    tokens = 2 * sum(lengths)
    assert plan_batches(lengths, 8, seed=3, epochs=9, token_budget=tokens) == two
    more = plan_batches(lengths * 3, 8, seed=3, epochs=2, token_budget=tokens)
    assert len(more) == 1, "three times the rows are not seen once"
    assert tokens <= sum((lengths * 3)[row] for batch in more[0] for row in batch) < tokens + 8 * 40
    third = plan_batches(lengths, 8, seed=3, epochs=2, token_budget=tokens + 1)
    assert third[:2] == two
    assert [len(batches) for batches in third[2:]] == [1]


def test_rows_without_a_label_are_learnt_from_the_teacher_alone() -> None:
    tokens, labels = rows()
    teacher, outputs = opinionated_teacher()
    half = [*labels[:24], *[UNLABELLED] * 24]
    objective, known = Distillation(outputs, kl_weight=0.5), Distillation(outputs)

    def loss(rows: list[int], objective: Distillation, labels: list[int]) -> dict[str, Part]:
        inputs = pad([tokens[row] for row in rows], 0)
        return dict(objective(teacher, Batch(rows, inputs, torch.tensor([labels[row] for row in rows])), 0))

    mixed = loss([0, 1, 30, 31], objective, half)
    alone = loss([0, 1], known, labels)
    assert mixed["ce"].value.item() == pytest.approx(alone["ce"].value.item(), rel=1e-5)
    assert mixed["kl"].value.item() == pytest.approx(0, abs=1e-5), "each row has its own answer"
    assert loss([30, 31], objective, half)["ce"].value.item() == 0
    student = prune_layers(teacher, plan_layers("even", 4))
    assert train(student, tokens, half, SETTINGS, seed=0, objective=objective).steps == 12


def test_training_learns_and_the_same_seed_gives_the_same_weights() -> None:
    tokens, labels = rows()
    first, again, reseeded = (tiny_classifier(layers=2).model for _ in range(3))
    result = train(first, tokens, labels, SETTINGS, seed=0)
    assert result.curve[1].loss < result.curve[0].loss
    assert result.steps == 12
    assert result.tokens >= 2 * sum(len(row) for row in tokens)
    train(again, tokens, labels, SETTINGS, seed=0)
    assert same(first, again)
    train(reseeded, tokens, labels, SETTINGS, seed=1)
    assert not same(first, reseeded)


@pytest.mark.parametrize("hidden_loss", ["cosine", "mse"])
def test_a_student_nears_its_teacher_who_is_not_touched(hidden_loss: HiddenLoss) -> None:
    tokens, labels = rows()
    teacher, outputs = opinionated_teacher()
    before = copy.deepcopy(teacher)
    student = prune_layers(teacher, plan_layers("even", 4))
    # Mostly the teacher's word: a random teacher contradicts the labels, and dropout's noise outweighs the gap.
    objective = Distillation(
        outputs, ce_weight=0.01, kl_weight=0.5, temperature=2.0, cosine_weight=0.1, hidden_weight=0.39,
        hidden_loss=hidden_loss,
    )  # fmt: skip
    settings = changed(epochs=6, dropout=0.0)
    result = train(student, tokens, labels, settings, seed=0, objective=objective)
    first, last = result.curve[0], result.curve[-1]
    assert set(first.losses) == {"ce", "kl", "cosine", "hidden"}
    assert all(first.losses[part] > 0 for part in first.losses)
    assert last.losses["kl"] < first.losses["kl"]
    assert last.losses["hidden"] < first.losses["hidden"]
    weighted = {"ce": 0.01, "kl": 0.5, "cosine": 0.1, "hidden": 0.39}
    assert last.loss == pytest.approx(sum(weight * last.losses[part] for part, weight in weighted.items()))
    assert same(teacher, before)


def test_the_best_checkpoint_is_kept_where_asked() -> None:
    tokens, labels = rows()
    scores = iter([0.9, 0.1])
    states: list[dict[str, torch.Tensor]] = []

    def validate(model: PreTrainedModel) -> EpochScore:
        states.append(copy.deepcopy(model.state_dict()))
        return EpochScore(next(scores), sampled_accuracy=0.5)

    model = tiny_classifier(layers=2).model
    result = train(model, tokens, labels, changed(checkpoint="best"), seed=0, validate=validate)
    assert [point.validation_pr_auc for point in result.curve] == [0.9, 0.1]
    assert [point.sampled_accuracy for point in result.curve] == [0.5, 0.5]
    assert all(torch.equal(states[0][name], tensor) for name, tensor in model.state_dict().items())


def test_a_loss_that_needs_a_teacher_is_refused_without_one() -> None:
    with pytest.raises(ValueError, match="need a teacher"):
        Distillation(kl_weight=0.5)
    with pytest.raises(ValueError, match="needs a teacher's model"):
        Distillation(TeacherOutputs(torch.zeros(1, 2)), hidden_weight=0.5)


def test_a_loss_that_is_not_finite_stops_the_run() -> None:
    tokens, labels = rows()
    model = tiny_classifier(layers=2).model
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.raises(ValueError, match="not finite after 1 steps"):
        train(model, tokens, labels, SETTINGS, seed=0)


def test_a_few_real_steps_of_bert_base_and_its_half() -> None:
    """The real size, random weights: two steps of twelve layers, then of the six that are pruned from them."""
    torch.manual_seed(0)
    teacher = BertForSequenceClassification(BertConfig())
    tokens, labels = [[101, 2000 + row, 3000, 102] for row in range(4)], [0, 1, 0, 1]
    settings = changed(epochs=1, batch_size=2, learning_rate=1e-5)
    assert train(teacher, tokens, labels, settings, seed=0).steps == 2
    outputs = TeacherOutputs(predict_logits(teacher, tokens, batch_size=4))
    student = prune_layers(teacher, plan_layers("odd", 12, 6))
    objective = Distillation(outputs, kl_weight=0.5)
    assert train(student, tokens, labels, settings, seed=0, objective=objective).steps == 2
    assert predict_logits(student, tokens, batch_size=4).shape == (4, 2)


def test_several_labels_at_a_time_are_learnt_by_themselves_and_from_a_teacher() -> None:
    tokens, labels = rows(192)
    several = [[label, 1 - label, row % 2] for row, label in enumerate(labels)]
    model = tiny_classifier(layers=2, labels=3).model
    settings = changed(epochs=8, learning_rate=3e-3)
    learnt = train(model, tokens, several, settings, seed=0, objective=Distillation(multilabel=True))
    logits = predict_logits(model, tokens, batch_size=16)
    assert ((logits[:, :2] > 0) == (torch.tensor(several)[:, :2] == 1)).float().mean() > 0.95
    assert learnt.curve[-1].losses["ce"] < learnt.curve[0].losses["ce"]
    student = tiny_classifier(layers=1, labels=3).model
    objective = Distillation(TeacherOutputs(logits), multilabel=True, ce_weight=0.0, kl_weight=1.0)
    taught = train(student, tokens, several, changed(learning_rate=3e-3), seed=0, objective=objective)
    assert taught.curve[-1].losses["kl"] < taught.curve[0].losses["kl"]
