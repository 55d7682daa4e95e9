"""The schedules against the plain student that they are to be compared with."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from families import tiny_of
from pydantic import TypeAdapter, ValidationError
from tiny import comments, tiny_classifier
from transformers import PreTrainedModel

from potstill.domain.errors import ModelError, StudyError
from potstill.domain.layers import plan_layers
from potstill.domain.task import Task
from potstill.methods.context import TeacherSignal, TrainedModel, TrainingContext
from potstill.methods.union import make_model
from potstill.models.forward import encode, predict_logits
from potstill.models.layer_calls import block_ranges, block_states, layers_of, watched
from potstill.models.layer_stack import prune_layers
from potstill.recipes.base import BaseRecipe
from potstill.recipes.progressive import plan_stages
from potstill.recipes.training import TrainingSettings
from potstill.recipes.union import Recipe
from potstill.training.batches import Batches, plan_batches
from potstill.training.layerwise import Layerwise
from potstill.training.objective import Batch, Part, TeacherOutputs
from potstill.training.theseus import Theseus, replaceable_layers

TEXTS, LABELS = comments(80)
TEACHER = tiny_classifier(layers=6, seed=5)
ROWS = encode(TEACHER.tokenizer, TEXTS, max_length=32)
TAUGHT = TeacherSignal(TEACHER, TeacherOutputs(predict_logits(TEACHER.model, ROWS, batch_size=8)))
# Twenty steps, with dropout: a schedule that drew from the same random numbers would be found out.
TRAINING = TrainingSettings(epochs=2, batch_size=8, learning_rate=1e-3, max_length=32, precision="fp32")


def made(**settings: object) -> TrainedModel:
    recipe: BaseRecipe = TypeAdapter(Recipe).validate_python(settings)
    context = TrainingContext(Task(labels=("fine", "toxic"), positive="toxic"), None, TRAINING, ROWS, LABELS)
    return make_model(recipe, context, TAUGHT, 3)


def weights(model: TrainedModel) -> dict[str, torch.Tensor]:
    return model.classifier.model.state_dict()


def same(first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(tensor, second[name]) for name, tensor in first.items())


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": "theseus", "start": 1.0},
        {"schedule": "theseus", "share": 0.0},
        {"schedule": "stages", "stages": [3]},
        {"schedule": "layerwise", "share": 0.0},
    ],
    ids=str,
)
def test_without_its_schedule_it_is_the_plain_student_weight_for_weight(settings: dict[str, object]) -> None:
    plain, scheduled = made(kind="student", keep="odd"), made(kind="progressive", keep="odd", **settings)
    assert plain.training
    assert plain.training.steps == 20
    assert same(weights(plain), weights(scheduled))
    assert scheduled.training
    assert [point.loss for point in scheduled.training.curve] == [point.loss for point in plain.training.curve]


@pytest.mark.parametrize("schedule", ["theseus", "stages", "layerwise"])
def test_with_its_schedule_it_is_another_at_the_same_number_of_steps_and_tokens(schedule: str) -> None:
    plain, scheduled = made(kind="student", keep="odd"), made(kind="progressive", keep="odd", schedule=schedule)
    assert not same(weights(plain), weights(scheduled))
    assert plain.training
    assert scheduled.training
    assert (scheduled.training.steps, scheduled.training.tokens) == (plain.training.steps, plain.training.tokens)
    assert [point.step for point in scheduled.training.curve] == [10, 20]
    assert [point.epoch for point in scheduled.training.curve] == [1, 2]
    assert all(parameter.requires_grad for parameter in scheduled.classifier.model.parameters())
    assert scheduled.classifier.model.config.potstill_layers["kept"] == [0, 2, 4]


def test_hybrid_merged_answers_as_it_did_unmerged() -> None:
    assert "no probe's logit moved by more than" in " ".join(made(kind="hybrid", keep="odd").audit)


# --- layerwise


def test_only_the_layer_whose_turn_it_is_learns() -> None:
    student = prune_layers(TEACHER.model, plan_layers("odd", 6))
    inputs = {"input_ids": torch.tensor([[2, 9, 3]]), "attention_mask": torch.ones(1, 3, dtype=torch.long)}

    def rest(model: PreTrainedModel, batch: Batch, step: int) -> Mapping[str, Part]:
        return {"rest": Part(1.0, torch.zeros(()))}

    layerwise = Layerwise(TEACHER.model, rest, layers=3, steps=7, match="last")
    turns: list[list[int]] = []
    for step in range(8):
        layerwise(student, Batch([0], inputs, torch.tensor([0])), step)
        trained = {name for name, weight in student.named_parameters() if weight.requires_grad}
        turns.append([n for n in range(3) if any(f"layer.{n}." in name for name in trained)])
        assert ("classifier.weight" in trained) == (step == 7)
    assert turns == [[0]] * 3 + [[1]] * 2 + [[2]] * 2 + [[0, 1, 2]]


def test_a_block_gives_its_last_states_or_their_mean() -> None:
    inputs = {"input_ids": torch.tensor([[2, 9, 3]]), "attention_mask": torch.ones(1, 3, dtype=torch.long)}
    with torch.no_grad():
        states = TEACHER.model(**inputs, output_hidden_states=True).hidden_states
    blocks = block_ranges(6, 3)
    assert blocks == [range(2), range(2, 4), range(4, 6)]
    last, mean = (block_states(TEACHER.model, inputs, blocks, match) for match in ("last", "mean"))
    assert torch.equal(last[1], states[4])
    assert torch.allclose(mean[1], (states[3] + states[4]) / 2)
    assert block_ranges(12, 5) == [range(3), range(3, 6), range(6, 8), range(8, 10), range(10, 12)]
    with pytest.raises(ValueError, match="do not make"):
        block_ranges(2, 3)


def test_a_student_layer_comes_nearer_to_its_block() -> None:
    student = made(kind="progressive", keep="odd", schedule="layerwise", share=0.99, learning_rate=5e-3)
    before = prune_layers(TEACHER.model, plan_layers("odd", 6))
    inputs = {"input_ids": torch.tensor([ROWS[0]]), "attention_mask": torch.ones(1, len(ROWS[0]), dtype=torch.long)}
    wanted = block_states(TEACHER.model, inputs, block_ranges(6, 3), "last")[0]

    def distance(model: PreTrainedModel) -> float:
        with torch.no_grad(), watched(model) as calls:
            model(**inputs)
        return float((calls[0].hidden_out - wanted).square().mean())

    assert distance(student.classifier.model) < distance(before)


# --- theseus


def test_at_probability_0_a_student_in_training_is_its_teacher() -> None:
    student = prune_layers(TEACHER.model, plan_layers("odd", 6))
    inputs = {"input_ids": torch.tensor([[2, 9, 3]]), "attention_mask": torch.ones(1, 3, dtype=torch.long)}
    before = list(layers_of(student))
    with replaceable_layers(student, TEACHER.model, seed=0) as replacing, torch.no_grad():
        replacing.rate = 0.0
        for part in student.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        mixed = student.train()(**inputs).logits
        assert torch.allclose(mixed, TEACHER.model(**inputs).logits, atol=1e-6)
        assert not torch.allclose(student.eval()(**inputs).logits, mixed), "measured alone, without the teacher"
        assert len(list(student.parameters())) == len(
            list(prune_layers(TEACHER.model, plan_layers("odd", 6)).parameters())
        )
    assert list(layers_of(student)) == before


def test_the_probability_rises_and_stays() -> None:
    seen: list[float] = []

    def inner(model: PreTrainedModel, batch: Batch, step: int) -> Mapping[str, Part]:
        seen.append(replacing.rate)
        return {}

    student = prune_layers(TEACHER.model, plan_layers("odd", 6))
    with replaceable_layers(student, TEACHER.model, seed=0) as replacing:
        theseus = Theseus(inner, replacing, start=0.5, steps=2)
        for step in range(4):
            theseus(student, Batch([], {}, torch.tensor([])), step)
        assert seen == [0.5, 0.75, 1.0, 1.0]
        replacing.rate = 0.3
        assert sum(replacing.replaces() for _ in range(2000)) == pytest.approx(600, abs=80)


def test_layers_that_cannot_stand_in_for_another_are_refused() -> None:
    model = tiny_of("modernbert").model
    with pytest.raises(ModelError, match="layers of several kinds"), replaceable_layers(model, model, seed=0):
        pass


# --- stages


def test_stages_are_parts_of_each_other_and_end_with_the_goal() -> None:
    goal = plan_layers("even", 12)
    assert [plan.kept for plan in plan_stages(goal, None)] == [(1, 2, 3, 5, 6, 7, 9, 10, 11), goal.kept]
    sizes = [len(plan.kept) for plan in plan_stages(goal, [11, 8, 6])]
    assert sizes == [11, 8, 6]
    plans = plan_stages(goal, [11, 8, 6])
    assert set(plans[2].kept) < set(plans[1].kept) < set(plans[0].kept)
    assert plan_stages(plan_layers("first", 2, 1), None) == [plan_layers("first", 2, 1)]


@pytest.mark.parametrize("sizes", [[9], [12, 6], [6, 6], [5, 6]])
def test_stages_that_do_not_fall_to_the_goal_are_refused(sizes: list[int]) -> None:
    with pytest.raises(StudyError, match="must fall from below"):
        plan_stages(plan_layers("even", 12), sizes)


def test_more_stages_than_epochs_are_refused() -> None:
    with pytest.raises(StudyError, match="at least as many epochs"):
        made(kind="progressive", keep="odd", schedule="stages", stages=[5, 4, 3])


def test_a_layerwise_student_needs_steps_for_the_rest_and_then_all_of_it_is_trained() -> None:
    with pytest.raises(ValidationError, match="leaves no step for the embeddings"):
        made(kind="progressive", keep="odd", schedule="layerwise", share=1.0)
    student = made(kind="progressive", keep="odd", schedule="layerwise", share=0.99)
    assert student.parameters[0] == student.parameters[1]
    before = prune_layers(TEACHER.model, plan_layers("odd", 6)).state_dict()
    assert not [name for name, weight in weights(student).items() if torch.equal(weight, before[name])]


def test_stages_that_are_shorter_than_an_epoch_see_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[list[Batches]] = []

    def watched_plan(*arguments: Any) -> list[Batches]:
        plans.append(plan_batches(*arguments))
        return plans[-1]

    monkeypatch.setattr("potstill.training.loop.plan_batches", watched_plan)
    recipe: BaseRecipe = TypeAdapter(Recipe).validate_python(
        {"kind": "progressive", "keep": "odd", "schedule": "stages"}
    )
    training, tokens = TRAINING.model_copy(update={"epochs": 1, "budget": "equal"}), sum(map(len, ROWS))
    context = TrainingContext(
        Task(labels=("fine", "toxic"), positive="toxic"), None, training, ROWS, LABELS, token_budget=tokens
    )
    make_model(recipe, context, TAUGHT, 3)
    first, second = ({row for epoch in plan for batch in epoch for row in batch} for plan in plans)
    assert first != second
    assert max(len(first), len(second)) < len(ROWS)
