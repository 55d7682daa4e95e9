"""A study: task, teacher, training, arms, seeds, and the rule that decides."""

from typing import Annotated, Literal, Self, get_args

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from potstill.domain.baselines import is_reserved
from potstill.domain.study_record import Rule
from potstill.evaluation.calibration import check_rule
from potstill.recipes.base import BaseRecipe
from potstill.recipes.finetune import Finetune
from potstill.recipes.layer_pruned import LayerPrunedRecipe
from potstill.recipes.student import Student
from potstill.recipes.training import TrainingSettings
from potstill.recipes.union import Recipe
from potstill.recipes.untrained import Untrained
from potstill.study.tables import (
    DataTable,
    GatesTable,
    LayerSearchTable,
    SearchTable,
    StudyGate,
    SubgroupsTable,
    Table,
    TeacherTable,
    TuneTable,
)

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$")]
REFUSED: dict[str, str] = {
    "random_teacher": "distils from an untrained teacher, which has nothing to teach",
    "frozen_head": "leaves a random head frozen, so its answers stay random",
    "layer_order": "puts layers in another order than the teacher's",
}


class Study(Table):
    """A study: task, teacher, training, arms, seeds, and the rule that decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    seeds: list[int] = Field(default=[0, 1, 2], min_length=1)
    more_seeds: dict[Name, list[int]] = Field(default={})
    """Seeds that only some arms have beside those of all."""
    threshold: str = "best_f1"
    controls: Literal["none", "one", "all"] = "one"
    data: DataTable = DataTable()
    teacher: TeacherTable
    training: TrainingSettings = TrainingSettings()
    search: SearchTable | None = None
    layer_search: LayerSearchTable = LayerSearchTable()
    rule: Rule = Rule()
    tune: TuneTable = TuneTable()
    subgroups: SubgroupsTable | None = None
    gates: GatesTable = GatesTable()
    arms: dict[Name, Recipe] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_rule(self.threshold)
        self._check_seeds()
        unknown = {name for pair in self.rule.questions.values() for name in pair} - set(self.all_arms())
        if unknown:
            raise ValueError(f"rule.questions names {sorted(unknown)}, which are not arms")
        self._check_more_seeds()
        if taken := [name for name in self.arms if is_reserved(name)]:
            raise ValueError(f"arm names {taken} are taken by rows that the study adds itself")
        for name, recipe in self.arms.items():
            self._check_arm(name, recipe)
        return self

    def _check_seeds(self) -> None:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds {self.seeds} repeat")
        if self.rule.verdict and len(self.seeds) < 2:
            raise ValueError(
                "one seed says nothing about others, so no arm could be judged: give two seeds or more (three are the "
                "default), or ask for no verdict with [rule] verdict = false"
            )

    def _check_more_seeds(self) -> None:
        for name, more in self.more_seeds.items():
            if name not in self.arms:
                raise ValueError(f'more_seeds names "{name}", which is not an arm')
            if len({*self.seeds, *more}) != len(self.seeds) + len(more):
                raise ValueError(f"more_seeds: {more} of {name} repeat, or stand among the seeds of all arms")

    def _check_arm(self, name: str, recipe: BaseRecipe) -> None:
        if recipe.uses_unlabelled() and self.data.unlabelled is None:
            raise ValueError(f'arm "{name}" distils on rows without labels: name their file, [data] unlabelled')
        if recipe.needs_encoder() and self.teacher.encoder is None:
            raise ValueError(
                f'arm "{name}" starts from the pretrained encoder, and [teacher] names a fine-tuned model alone: '
                'name its encoder beside it, or let a LoRA arm start from the model, init = "teacher"'
            )
        if refused := [gate for gate in recipe.needs_waived() if gate not in self.gates.waive]:
            raise ValueError(
                f'arm "{name}" {REFUSED[refused[0]]}; if that is meant, say why: [gates.waive] {refused[0]} = '
                '"..." lets it run, marked, never picked and never exported'
            )

    @property
    def _searched(self) -> dict[str, LayerPrunedRecipe]:
        return {name: arm for name, arm in self.arms.items() if isinstance(arm, LayerPrunedRecipe) and arm.is_searched}

    @property
    def searches_layers(self) -> bool:
        """Whether the layers of any arm are to be chosen."""
        return bool(self._searched)

    def searched_sizes(self, depth: int) -> list[int]:
        """How many layers of a teacher of `depth` are to be chosen."""
        return sorted({arm.count(depth) for arm in self._searched.values()})

    def with_layers(self, layers: dict[int, tuple[int, ...]], depth: int) -> Self:
        """The study with the layers that a search chose, by their number."""
        arms = {name: arm.with_layers(layers[arm.count(depth)]) for name, arm in self._searched.items()}
        return self.model_copy(update={"arms": self.arms | arms})

    def waived(self, recipe: BaseRecipe) -> dict[str, str]:
        """The gates that would refuse this recipe, each with the reason why the study waives it."""
        return {gate: self.gates.waive[gate] for gate in recipe.needs_waived()}

    def waived_of_study(self) -> dict[str, str]:
        """The gates of the study as a whole that it waives, each with the reason."""
        return {gate: why for gate, why in self.gates.waive.items() if gate in get_args(StudyGate)}

    def all_arms(self) -> dict[str, BaseRecipe]:
        """The arms of the file, then the controls that `controls` adds: the same student without the teacher for the
        first student or for all, and each student's layers untrained, once where several keep the same."""
        # A student of an untrained teacher has other weights to start from: controls of the trained one say nothing.
        students = {name: a for name, a in self.arms.items() if isinstance(a, Student) and a.teacher == "trained"}
        arms: dict[str, BaseRecipe] = dict(self.arms)
        if self.controls == "none":
            return arms
        for index, (name, arm) in enumerate(students.items()):
            if index == 0 or self.controls == "all":
                arms[f"finetune-{name}"] = Finetune(
                    keep=arm.keep, num_layers=arm.num_layers, reorder=arm.reorder, learning_rate=arm.learning_rate,
                    epochs=arm.epochs,
                )  # fmt: skip
        for name, arm in students.items():
            control = Untrained(keep=arm.keep, num_layers=arm.num_layers, reorder=arm.reorder)
            if control not in arms.values():
                arms[f"untrained-{name}"] = control
        return arms
