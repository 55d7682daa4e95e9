"""What a study's folder says about itself: `study.json`, as one typed and versioned record."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from potstill.domain.dataset import DataAccount
from potstill.domain.run_key import RunKey
from potstill.domain.task import Task

FORMAT = 2
"""Of `study.json`. Format 1 had no number, named the ledger's folders and left the pick to whoever asked."""

Role = Literal["smaller", "whole", "control"]
"""What an arm is for: a model smaller than the teacher, one of its size, or something to hold the others against, which
is never picked: baselines, the teacher, and controls."""
COMPRESSED: tuple[Role, ...] = ("smaller", "whole")
"""The roles of what a study is about."""
PickRule = Literal["student", "any"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Record):
    """What decides. It is meant to be fixed before the first run; nothing here can tell whether it was."""

    metric: Literal["pr_auc"] = "pr_auc"
    margin: float = Field(default=0.02, gt=0, lt=1)
    verdict: bool = True
    """Whether arms are judged; that takes two seeds or more."""
    questions: dict[Annotated[str, StringConstraints(min_length=1)], tuple[str, str]] = {}
    """In plain words what a difference of two arms tells: the report answers by the first minus the second."""
    pick: PickRule = "student"


class ArmRecord(_Record):
    """One row of the table: what the arm is, and the seeds it has."""

    arm: str
    kind: str
    role: Role
    seeds: list[int]
    layers: str | None
    """The teacher layers that it keeps, in words; None where it keeps none or they are not known yet."""
    description: str
    seeded: bool
    """Whether another seed would have given another model."""


class RateTrial(_Record):
    """One learning rate that a search tried for a family of arms; `validation_pr_auc` is None where training failed."""

    family: str
    learning_rate: float
    validation_pr_auc: float | None
    chosen: bool


class StudyRecord(_Record):
    """A study as it was run: its arms in table order, its runs, the rule, the account of its rows, and its pick."""

    format: Literal[2] = FORMAT
    name: str
    task: Task
    seeds: list[int]
    arms: list[ArmRecord]
    runs: list[RunKey]
    rule: Rule
    rate_trials: list[RateTrial]
    picked: str | None
    """The arm that `rule.pick` chose on validation, once every run had been made; None before, or where no arm could be
    picked. Decided once, when the study ends, and read by everything else."""
    why_none: str | None = None
    """Why no arm is picked, where the study has ended without one."""
    waived: dict[str, str] = {}
    """Gates of the study as a whole that it waives, each with the reason; those of single arms are in their runs."""
    account: DataAccount
    test_fingerprint: str
    rows_sha256: str = ""
    """Of `rows.npz`, which has the labels that every figure is worked out by; empty in records of earlier versions."""
    study: dict[str, JsonValue]
    """The study file, with every default filled in."""
    root: str | None = None
    """What the study's paths are relative to, relative to the study's folder; None in a packed study, whose files are
    elsewhere."""
    version: str
    machine: str

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of the study's texts; empty where it declares none."""
        return declared_languages(self.study)

    @property
    def runs_digest(self) -> str:
        """Tells the runs of the study from those that it has after another `potstill run`."""
        return sha256("\n".join(sorted(run.digest for run in self.runs)).encode()).hexdigest()

    def runs_of(self, arm: str) -> list[RunKey]:
        """The runs of one arm, in the order of its seeds."""
        return [run for run in self.runs if run.arm == arm]


def declared_languages(study: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Those of the texts of a study as its record has it; empty where it declares none."""
    data = study.get("data")
    declared = data.get("languages") if isinstance(data, dict) else None
    return tuple(str(code) for code in declared) if isinstance(declared, list) else ()
