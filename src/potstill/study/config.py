"""A study file: TOML, one class per table, unknown keys refused with the nearest right name."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from potstill.data.mentions import TERMS
from potstill.domain.errors import StudyError
from potstill.evaluation.calibration import check_rule
from potstill.methods.bench import Gate, Method, Training
from potstill.methods.carved import CarvedMethod
from potstill.methods.finetune import Finetune
from potstill.methods.student import Student
from potstill.methods.union import METHODS, Recipe
from potstill.methods.untrained import Untrained
from potstill.models.lora import Targets

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$")]
Scalar = str | int | float | bool
REFUSED: dict[str, str] = {
    "random_teacher": "distils from an untrained teacher, which has nothing to teach",
    "frozen_head": "leaves a random head frozen, so its answers stay random",
    "layer_order": "puts layers in another order than the teacher's",
}
RESERVED = ("majority", "teacher", "tfidf-words", "tfidf-characters")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitTable(_Table):
    """One split's file, with what differs from `[data]`."""

    path: str | list[str]
    encoding: str | None = None
    where: dict[str, Scalar] = {}
    sample: int | None = Field(default=None, ge=1)


class DataTable(_Table):
    """Where the rows come from. `sample` and `where` on this level are for the training rows."""

    train: str | list[str] | SplitTable = "builtin:pilot"
    validation: str | list[str] | SplitTable | None = None
    test: str | list[str] | SplitTable | None = None
    unlabelled: str | list[str] | SplitTable | None = None
    """Rows of which only the text is read, for arms that distil on them."""
    encoding: str | None = None
    text: str = "text"
    label: str = "label"
    id: str | None = None
    weight: str | None = None
    group: str | None = None
    category: str | None = None
    where: dict[str, Scalar] = {}
    sample: int | None = Field(default=None, ge=1)
    labels: dict[str, str] | list[str] | None = None
    """Values of the column `label` and their names; or the columns, of 0 and 1, of a multi-label task."""
    positive: str | None = None
    on_leak: Literal["stop", "drop"] = "stop"
    fractions: tuple[float, float, float] = (0.5, 0.15, 0.35)
    seed: int = 0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if isinstance(self.labels, list) and self.label != "label":
            raise ValueError("name one column with `label`, or several, each of 0 and 1, with `labels`; not both")
        return self


class TeacherTable(_Table):
    """The teacher: `encoder` is fine-tuned here, `model` is one that already is."""

    encoder: str | None = None
    model: str | None = None
    revision: str | None = None
    seed: int = 0
    learning_rate: float | None = Field(default=None, gt=0)
    epochs: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.encoder is None and self.model is None:
            raise ValueError('name an `encoder` to fine-tune (such as "minilm"), or a fine-tuned `model`')
        return self


class SearchTable(_Table):
    """The same learning rates for each family of arms, tried on `rows` training rows, chosen by validation PR-AUC."""

    learning_rates: list[float] = Field(min_length=1)
    rows: int = Field(default=4000, ge=1)
    seed: int = 0


class LayerSearchTable(_Table):
    """Training rows on which the layers of arms with keep = "search" are chosen, and on which nothing is trained."""

    rows: int = Field(default=512, ge=1)
    seed: int = 0


class TuneTable(_Table):
    """What `potstill tune` tries for a LoRA arm, on `rows` training rows, and for how long."""

    arm: str | None = None
    trials: int = Field(default=20, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    rows: int = Field(default=3000, ge=1)
    seed: int = 0
    r: list[int] = Field(default=[4, 8, 16, 32], min_length=1)
    lora_alpha: list[int] = Field(default=[8, 16, 32, 64], min_length=1)
    lora_dropout: tuple[float, float] = (0.0, 0.2)
    learning_rate: tuple[float, float] = (1e-4, 5e-3)
    targets: list[Targets] = Field(default=["query-value", "attention", "all"], min_length=1)


class SubgroupsTable(_Table):
    """Groups of people that rows mention, by `terms` or by a `column` that names them, for ROC-AUC around each: in the
    test rows, or in a file of its own that nothing is trained on or chosen by."""

    path: str | list[str] | SplitTable | None = None
    text: str | None = None
    label: str | None = None
    labels: dict[str, str] | None = None
    terms: list[str] = list(TERMS)
    column: str | None = None

    @model_validator(mode="after")
    def _own(self) -> Self:
        if self.path is None and any((self.text, self.label, self.labels, self.column)):
            raise ValueError("`text`, `label`, `labels` and `column` describe a file: name it with `path`")
        return self


class GatesTable(_Table):
    """Refusals that the study does without, each with the reason why. What is made so never wins nor is exported."""

    waive: dict[Gate, Annotated[str, StringConstraints(min_length=1)]] = {}


class RuleTable(_Table):
    """What decides, fixed before the first run."""

    metric: Literal["pr_auc"] = "pr_auc"
    margin: float = Field(default=0.02, gt=0, lt=1)
    verdict: bool = True
    """Whether arms are judged; that takes two seeds or more."""
    questions: dict[Annotated[str, StringConstraints(min_length=1)], tuple[Name, Name]] = {}
    """In plain words what a difference of two arms tells: the report answers by the first minus the second."""
    pick: Literal["student", "any"] = "student"


class Study(_Table):
    """A study: task, teacher, training, arms, seeds, and the rule that decides."""

    name: Name
    seeds: list[int] = Field(default=[0, 1, 2], min_length=1)
    more_seeds: dict[Name, list[int]] = {}
    """Seeds that only some arms have beside those of all."""
    threshold: str = "best_f1"
    controls: Literal["none", "one", "all"] = "one"
    data: DataTable = DataTable()
    teacher: TeacherTable
    training: Training = Training()
    search: SearchTable | None = None
    layer_search: LayerSearchTable = LayerSearchTable()
    rule: RuleTable = RuleTable()
    tune: TuneTable = TuneTable()
    subgroups: SubgroupsTable | None = None
    gates: GatesTable = GatesTable()
    arms: dict[Name, Recipe] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_rule(self.threshold)
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds {self.seeds} repeat")
        if self.rule.verdict and len(self.seeds) < 2:
            raise ValueError(
                "one seed says nothing about others, so no arm could be judged: give two seeds or more (three are the "
                "default), or ask for no verdict with [rule] verdict = false"
            )
        unknown = {name for pair in self.rule.questions.values() for name in pair} - set(self.all_arms())
        if unknown:
            raise ValueError(f"rule.questions names {sorted(unknown)}, which are no arms")
        for name, more in self.more_seeds.items():
            if name not in self.arms:
                raise ValueError(f'more_seeds names "{name}", which is no arm')
            if len({*self.seeds, *more}) != len(self.seeds) + len(more):
                raise ValueError(f"more_seeds: {more} of {name} repeat, or stand among the seeds of all arms")
        taken = [name for name in self.arms if name in RESERVED or name.startswith(("untrained-", "finetune-"))]
        if taken:
            raise ValueError(f"arm names {taken} are taken by rows that the study adds itself")
        for name, arm in self.arms.items():
            if arm.uses_unlabelled() and self.data.unlabelled is None:
                raise ValueError(f'arm "{name}" distils on rows without labels: name their file, [data] unlabelled')
            if arm.needs_encoder() and self.teacher.encoder is None:
                raise ValueError(
                    f'arm "{name}" starts from the pretrained encoder, and [teacher] names a fine-tuned model alone: '
                    'name its encoder beside it, or let a LoRA arm start from the model, init = "teacher"'
                )
            if refused := [gate for gate in arm.needs_waived() if gate not in self.gates.waive]:
                raise ValueError(
                    f'arm "{name}" {REFUSED[refused[0]]}; if that is meant, say why: [gates.waive] {refused[0]} = '
                    '"..." lets it run, marked, never picked and never exported'
                )
        return self

    @property
    def _searched(self) -> dict[str, CarvedMethod]:
        return {name: arm for name, arm in self.arms.items() if isinstance(arm, CarvedMethod) and arm.is_searched}

    @property
    def searches_layers(self) -> bool:
        """Whether the layers of any arm are to be found."""
        return bool(self._searched)

    def searched_sizes(self, depth: int) -> list[int]:
        """How many layers of a teacher of `depth` are to be found."""
        return sorted({arm.count(depth) for arm in self._searched.values()})

    def with_layers(self, found: dict[int, tuple[int, ...]], depth: int) -> Self:
        """The study with the layers that were found, by their number."""
        arms = {name: arm.with_layers(found[arm.count(depth)]) for name, arm in self._searched.items()}
        return self.model_copy(update={"arms": self.arms | arms})

    def waived(self, method: Method) -> dict[str, str]:
        """The gates that would refuse this method, each with the reason why the study waives it."""
        return {gate: self.gates.waive[gate] for gate in method.needs_waived()}

    def all_arms(self) -> dict[str, Method]:
        """The arms of the file, then the controls that `controls` adds: the same student without the teacher for the
        first student or for all, and each student's layers untrained, once where several keep the same."""
        # A student of an untrained teacher has other weights to start from: controls of the trained one say nothing.
        students = {name: a for name, a in self.arms.items() if isinstance(a, Student) and a.teacher == "trained"}
        arms: dict[str, Method] = dict(self.arms)
        if self.controls == "none":
            return arms
        for index, (name, arm) in enumerate(students.items()):
            layers = {"keep": arm.keep, "num_layers": arm.num_layers, "reorder": arm.reorder}
            if index == 0 or self.controls == "all":
                arms[f"finetune-{name}"] = Finetune(**layers, learning_rate=arm.learning_rate, epochs=arm.epochs)
        for name, arm in students.items():
            layers = {"keep": arm.keep, "num_layers": arm.num_layers, "reorder": arm.reorder}
            control = Untrained(**layers)
            if control not in arms.values():
                arms[f"untrained-{name}"] = control
        return arms


def read_study(path: Path) -> Study:
    """Read and check a study file.

    Raises:
        StudyError: with the file, the path of each wrong key, and the nearest right name.
    """
    content = _read_toml(path)
    return parse_study(_with_recipes(content, path), str(path))


def _with_recipes(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """The content with the settings of each arm that names a `recipe`, a TOML file beside the study; what the arm says
    itself goes first."""
    arms = content.get("arms")
    if not isinstance(arms, dict):
        return content
    found: dict[str, Any] = {}
    for name, arm in cast(dict[str, Any], arms).items():
        if isinstance(arm, dict) and "recipe" in arm:
            own = cast(dict[str, Any], arm)
            found[name] = _read_toml(path.parent / str(own["recipe"])) | {k: v for k, v in own.items() if k != "recipe"}
        else:
            found[name] = arm
    return content | {"arms": found}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is no valid TOML: {error}") from error


def parse_study(content: dict[str, Any], source: str) -> Study:
    """The study in `content`, which came from `source`; raises StudyError as `read_study` does."""
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        lines = [_explain(detail["loc"], detail["type"], detail["msg"]) for detail in error.errors()]
        raise StudyError("\n".join(f"{source}: {line}" for line in dict.fromkeys(lines))) from error


def _explain(place: tuple[str | int, ...], kind: str, message: str) -> str:
    # Pydantic puts the union's tag into the place: arms.even.student.kep is arms.even.kep in the file.
    parts = [str(part) for part in place]
    if len(parts) > 3 and parts[0] == "arms":
        del parts[2]
    where = ".".join(parts) or "the file"
    if kind != "extra_forbidden":
        return f"{where}: {message.removeprefix('Value error, ')}"
    near = difflib.get_close_matches(parts[-1], _keys_at(place), n=1, cutoff=0.5)
    return f"{where}: there is no such key" + (f"; did you mean {near[0]!r}?" if near else "")


def _keys_at(place: tuple[str | int, ...]) -> list[str]:
    """The keys that the table around `place` knows."""
    tables: dict[str, type[BaseModel]] = {
        "data": DataTable, "teacher": TeacherTable, "training": Training, "search": SearchTable, "rule": RuleTable,
        "gates": GatesTable, "layer_search": LayerSearchTable, "tune": TuneTable, "subgroups": SubgroupsTable,
    }  # fmt: skip
    table, *inner = [str(part) for part in place]
    if not inner:
        return list(Study.model_fields)
    if table == "arms":
        kinds = [method for method in METHODS if method.model_fields["kind"].default == inner[1]]
        return [key for method in kinds for key in method.model_fields]
    is_split = table in ("data", "subgroups") and len(inner) > 1
    return list((SplitTable if is_split else tables[table]).model_fields)
