"""What a study would run and roughly how long it would take, shown before anything is spent."""

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from time import process_time
from typing import Any

import torch
from transformers import PreTrainedModel

from potstill.domain.dataset import Dataset, Split
from potstill.domain.layers import LayerPlan
from potstill.domain.notebook import Tabular
from potstill.domain.task import Task
from potstill.methods.union import frozen_parameters
from potstill.models.auto import read_config
from potstill.models.classifier import (
    check_input_length,
    count_parameters,
    empty_classifier,
    open_encoder,
    open_tokenizer,
    quiet_transformers,
)
from potstill.models.encoder import find_encoder
from potstill.models.forward import encode
from potstill.models.layer_stack import depth_of, find_layer_stack, shrink
from potstill.models.lora_targets import implied_parameters
from potstill.models.subsets import all_subsets, beginnings
from potstill.recipes.adapter import AdapterRecipe
from potstill.recipes.base import BaseRecipe
from potstill.recipes.layer_pruned import LayerPrunedRecipe
from potstill.recipes.training import TrainingSettings
from potstill.study.config import Study
from potstill.study.interval_forecast import in_words
from potstill.study.plan import check_arms_fit, plan_runs, plan_trials, teacher_training
from potstill.study.provenance import machine
from potstill.training.loop import uses_bf16

# Share of a large matrix product's speed that training reaches on short sequences, dropout, norms and the optimizer
# included: measured on two-core machines between 0.1 and 0.3 in bfloat16, which hastens the products alone, and between
# 0.4 and 0.8 in float32. An estimate, and said to be one.
EFFICIENCY = {torch.bfloat16: 0.15, torch.float32: 0.55}


@dataclass(frozen=True)
class PlannedArm:
    """One row of the plan; `tokens` and `seconds` are for all its seeds."""

    arm: str
    description: str
    layers: str
    seeds: int
    parameters: int
    trainable: int
    learning_rate: str
    tokens: int
    seconds: float


@dataclass(frozen=True)
class StudyPlan(Tabular):
    """What a study would run: its arms and, before them, what it would search for, on rows that are accounted for in
    the lines of `account`. `machine` is what the seconds are estimated for; `expected` says how wide the intervals will
    be."""

    name: str
    seeds: list[int]
    account: list[str]
    arms: list[PlannedArm]
    machine: str
    expected: str

    def records(self) -> list[dict[str, Any]]:
        """A line for each arm."""
        return [asdict(arm) for arm in self.arms]

    def caption(self) -> str:
        """The study, its rows, and how wide its intervals will be."""
        return " ".join([f"{self.name}, seeds {self.seeds}.", *self.account, self.expected])


@dataclass(frozen=True)
class Sizes:
    """Parameters of a model, of those the ones that are trained, and the vectors of words and positions, which cost
    memory but hardly any time."""

    all: int
    trained: int
    vectors: int


class Shape:
    """The encoder of a study without its weights, for counting."""

    def __init__(self, study: Study, root: Path, task: Task) -> None:
        self.root, self.task, self.teacher = root, task, study.teacher
        name = self.teacher.model or self.teacher.encoder
        self.folder = find_encoder(str(name), self.teacher.revision, root)
        config = read_config(self.folder, len(task.labels))
        self.model = empty_classifier(config)
        self.max_length = study.training.max_length
        check_input_length(self.model, self.max_length)
        self.depth = depth_of(self.model)

    def layer_parameters(self) -> int:
        """Parameters of one layer."""
        stack = self.model.get_submodule(find_layer_stack(self.model))
        return sum(p.numel() for p in stack.parameters()) // self.depth

    @cached_property
    def fresh(self) -> tuple[str, ...]:
        """What the encoder's files do not hold, and a classifier of it begins with by chance."""
        # What asks for it needs an encoder, which a study then names.
        folder = find_encoder(str(self.teacher.encoder), self.teacher.revision, self.root)
        return open_encoder(folder, self.task, seed=0).fresh

    def whole(self) -> Sizes:
        """The encoder under a head, all of it trained."""
        return _sizes(self.model)

    def of(self, recipe: BaseRecipe) -> Sizes:
        """The model that a recipe makes."""
        if own := recipe.own_encoder():
            folder = find_encoder(*own, self.root)
            model = empty_classifier(read_config(folder, len(self.task.labels)))
            check_input_length(model, self.max_length)
            return _sizes(model)
        plan = recipe.plan(self.depth) or LayerPlan.all_of(self.depth)
        model = empty_classifier(shrink(self.model.config, plan))
        sizes = _sizes(model)
        if isinstance(recipe, AdapterRecipe):
            fresh = self.fresh if recipe.needs_encoder() else ()
            return replace(sizes, trained=implied_parameters(model, recipe, fresh))
        return replace(sizes, trained=sizes.all - frozen_parameters(recipe, model))


def _sizes(model: PreTrainedModel) -> Sizes:
    """What a model has where all of it is trained."""
    count, _ = count_parameters(model)
    tables = (part for part in model.modules() if isinstance(part, torch.nn.Embedding))
    return Sizes(count, count, sum(table.weight.numel() for table in tables))


def estimate(study: Study, data: Dataset, held: Split | None, root: Path) -> StudyPlan:
    """The plan: search, teacher, arms. `held` are the rows to choose layers on, where the study does.

    Raises:
        StudyError: an arm's settings do not fit the teacher or the training.
    """
    quiet_transformers()
    shape = Shape(study, root, data.task)
    check_arms_fit(study, shape.depth)
    named, expected = study.all_arms(), in_words(study, data)
    sizes = study.searched_sizes(shape.depth)
    study = study.with_layers({size: tuple(range(size)) for size in sizes}, shape.depth)
    sample = data.train.texts[:2000]
    rows = encode(open_tokenizer(shape.folder), sample, max_length=study.training.max_length)
    tokens_a_row = sum(len(row) for row in rows) / max(1, len(rows))
    speed = matrix_speed(study.training)

    def row(
        arm: str, description: str, recipe: BaseRecipe | None, seeds: int, training: TrainingSettings, count: int
    ) -> PlannedArm:
        size = shape.of(recipe) if recipe else shape.whole()
        equal = training.budget == "equal" or (recipe is not None and recipe.uses_unlabelled())
        epochs = study.training.epochs if equal else training.epochs
        tokens = int(count * epochs * tokens_a_row) if size.trained else 0
        # Two operations a weight forward, four backward, of which LoRA saves the two for frozen weights.
        seconds = (6 if size.trained == size.all else 4) * (size.all - size.vectors) * tokens * seeds / speed
        rate = f"{training.learning_rate:g}" if size.trained else ""
        layers = str(LayerPlan.all_of(shape.depth)) if recipe is None else _layers(named.get(arm), shape.depth)
        return PlannedArm(arm, description, layers, seeds, size.all, size.trained, rate, tokens * seeds, seconds)

    trials = [
        row(t.arm, "learning-rate search", t.recipe, 1, t.training, min(study.search.rows, len(data.train)))
        for t in plan_trials(study)
        if study.search
    ]
    planned = [] if study.teacher.model else [
        row("teacher", "the encoder fine-tuned in full", None, 1, teacher_training(study, {}), len(data.train))
    ]  # fmt: skip
    planned += [_choosing(shape, size, len(held or ()) * tokens_a_row, speed) for size in sizes]
    specs = plan_runs(study, {})
    for arm in dict.fromkeys(spec.arm for spec in specs):
        same = [spec for spec in specs if spec.arm == arm]
        first = same[0]
        planned.append(row(arm, named[arm].describe(), first.recipe, len(same), first.training, len(data.train)))
    account = data.account.describe(data.task.labels)
    return StudyPlan(study.name, study.seeds, account, trials + planned, machine(), expected)


def _layers(recipe: BaseRecipe | None, depth: int) -> str:
    """The layers that an arm keeps, or how many it will."""
    if isinstance(recipe, LayerPrunedRecipe) and recipe.is_searched:
        return f"{recipe.count(depth)} of {depth}, searched"
    return str((recipe and recipe.plan(depth)) or "")


def _choosing(shape: Shape, size: int, tokens: float, speed: float) -> PlannedArm:
    """The search for so many layers: nothing is trained, but the rows pass through every choice."""
    layers = len(beginnings(all_subsets(shape.depth, size)))
    seconds = 2 * layers * shape.layer_parameters() * tokens / speed
    description = f"every choice of {size} layers, before anything is trained"
    return PlannedArm("layers", description, f"{size} of {shape.depth}", 0, shape.whole().all, 0, "", 0, seconds)


def matrix_speed(training: TrainingSettings) -> float:
    """Operations a second that training is expected to reach: a share of this machine's measured matrix product."""
    dtype = torch.bfloat16 if uses_bf16(training.precision) else torch.float32
    a, b = torch.ones(2048, 384, dtype=dtype), torch.ones(384, 1536, dtype=dtype)
    best = float("inf")
    for _ in range(8):
        started = process_time()  # of the processor, on all threads: the machine may be busy with something else
        torch.mm(a, b)
        best = min(best, (process_time() - started) / torch.get_num_threads())
    return EFFICIENCY[dtype] * 2 * 2048 * 384 * 1536 / best
