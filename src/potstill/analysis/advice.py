"""What a study's reader is advised to do, as data: which arm, what it costs, what would tell, what the control says."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from potstill.analysis.differences import Difference, control_of
from potstill.analysis.rows import KeptLayers, Row
from potstill.analysis.verdicts import VerdictRow
from potstill.analysis.weak_teacher import WeakTeacher
from potstill.domain.baselines import TEACHER
from potstill.domain.study_record import COMPRESSED

Outcome = Literal[
    "unfinished", "weak teacher", "nothing finished", "all waived", "none eligible", "undefined", "not judged",
    "as good", "worse", "unresolved",
]  # fmt: skip
"""Why no arm is advised (the first five), why the picked one is not judged (the next two), or its verdict."""
Obstacle = Literal["one seed", "beyond the margin", "at the margin", "too uncertain"]
"""Why no number of rows and seeds can be named that would show an arm to be as good."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArmFacts(_Strict):
    """An arm beside the teacher: PR-AUC on test, its share of the teacher's parameters, and of its layers those that it
    keeps. No speed: that differs between two runs of one study."""

    arm: str
    description: str
    pr_auc: float
    teacher_pr_auc: float
    parameter_share: float
    kept: int | None
    depth: int | None
    difference: Difference


class WouldTell(_Strict):
    """What would show the picked arm to be as good if its difference stayed as it is: so many test rows, or so many
    seeds, or both together; or the obstacle."""

    obstacle: Obstacle | None = None
    rows: int | None = None
    seeds: int | None = None
    both: tuple[int, int] | None = None


class Control(_Strict):
    """The control without the teacher minus the arm, with its 95 % interval, and whether the two are shown to differ:
    None where that interval is over rows alone."""

    estimate: float
    low: float
    high: float
    differs: bool | None


class Advice(_Strict):
    """What to do.

    `advised` is the arm to take, or else the best supported one: of the arms that the rule asks for, whose verdict is
    "as good" exactly where `is_shown`. `as_good_but_not_asked_for` are shown to be as good, and the rule asks for
    others: whoever wants a smaller model is not told to take one that is as good and as large. `failed` are compressed
    arms with a failed run, where none finished; `all_smaller` says that all that were judged are smaller models.
    """

    outcome: Outcome
    runs_made: int
    runs_planned: int
    picked: ArmFacts | None = None
    advised: ArmFacts | None = None
    is_shown: bool = False
    below: bool = False
    """The picked arm is below the teacher with its whole interval, whatever its verdict."""
    all_smaller: bool = True
    as_good_but_not_asked_for: list[str] = []
    failed: list[str] = []
    weak_teacher: WeakTeacher | None = None
    """What speaks against compressing this teacher at all: then no arm is advised, unless the study waives that."""
    would_tell: WouldTell | None = None
    control: Control | None = None


@dataclass(frozen=True)
class Evidence:
    """What advice rests on. `eligible` are the arms that the study's rule asks for."""

    picked: str | None
    eligible: Collection[str]
    rows: Sequence[Row]
    layers: Sequence[KeptLayers]
    verdicts: Sequence[VerdictRow]
    differences: Sequence[Difference]
    margin: float
    runs_made: int
    runs_planned: int
    weak: WeakTeacher | None = None

    def row(self, arm: str | None) -> Row | None:
        """The row of an arm that finished."""
        return next((row for row in self.rows if row.arm == arm and row.figures), None)

    @property
    def teacher(self) -> Row | None:
        """The teacher's row, where it finished."""
        return next((row for row in self.rows if row.kind == TEACHER and row.figures), None)

    @property
    def primary(self) -> VerdictRow | None:
        """The verdict on the picked arm."""
        return next((verdict for verdict in self.verdicts if verdict.primary), None)

    @property
    def weighed(self) -> list[VerdictRow]:
        """The verdicts on the arms that the rule asks for."""
        return [verdict for verdict in self.verdicts if verdict.arm in self.eligible]

    @property
    def not_asked_for(self) -> list[str]:
        """Arms that are as good and that the rule does not ask for; one that answers all rows alike is good for
        nothing."""
        good = [verdict.arm for verdict in self.verdicts if verdict.judgement == "as good"]
        return [arm for arm in good if arm not in self.eligible and not self.is_constant(arm)]

    def is_constant(self, arm: str | None) -> bool:
        """Whether the arm answers every test row alike."""
        row = self.row(arm)
        return row is not None and row.constant


def advise(evidence: Evidence) -> Advice:
    """What to do, by the arm that was picked on validation; where the teacher is not worth compressing, nothing."""
    if evidence.weak and not evidence.weak.waived and evidence.runs_made >= evidence.runs_planned:
        return _advice(evidence, "weak teacher", failed=_failed(evidence))
    nothing = evidence.row(evidence.picked) is None or evidence.is_constant(evidence.picked)
    if evidence.teacher is None or nothing:
        return _advice(evidence, _why_none(evidence), failed=_failed(evidence))
    primary = evidence.primary
    return _unjudged(evidence) if primary is None else _judged(evidence, primary)


def _advice(evidence: Evidence, outcome: Outcome, **more: object) -> Advice:
    known = {
        "outcome": outcome, "runs_made": evidence.runs_made, "runs_planned": evidence.runs_planned,
        "as_good_but_not_asked_for": evidence.not_asked_for, "weak_teacher": evidence.weak,
    }  # fmt: skip
    return Advice.model_validate({**known, **more})


def _why_none(evidence: Evidence) -> Outcome:
    """Why no arm is picked."""
    done = [row for row in evidence.rows if row.role in COMPRESSED and row.figures]
    if evidence.runs_made < evidence.runs_planned:
        return "unfinished"
    if not done:
        return "nothing finished"
    if all(row.waived for row in done):
        return "all waived"
    # Where the rule could pick an arm and none is written down, the study was stopped before its end.
    return "unfinished" if evidence.eligible and evidence.picked is None else "none eligible"


def _failed(evidence: Evidence) -> list[str]:
    return [row.arm for row in evidence.rows if row.role in COMPRESSED and row.failures]


def _unjudged(evidence: Evidence) -> Advice:
    """For a study that asks for no verdict, or whose test split defines no PR-AUC."""
    difference = _difference(evidence, evidence.picked, TEACHER)
    if difference is None:
        return _advice(evidence, "undefined")
    facts = _facts(evidence, difference)
    return _advice(evidence, "not judged", picked=facts, control=_control(evidence, facts.arm))


def _judged(evidence: Evidence, primary: VerdictRow) -> Advice:
    picked = _facts(evidence, primary.difference)
    advised = _advised(evidence, primary)
    smaller = [row for row in evidence.rows if row.arm in {verdict.arm for verdict in evidence.weighed}]
    return _advice(
        evidence,
        primary.judgement,
        picked=picked,
        advised=_facts(evidence, advised.difference) if advised else None,
        is_shown=advised is not None and advised.judgement == "as good",
        below=primary.below,
        all_smaller=all(row.role == "smaller" for row in smaller),
        would_tell=_would_tell(primary, evidence.margin) if primary.judgement == "unresolved" else None,
        control=_control(evidence, primary.arm),
    )


def _advised(evidence: Evidence, primary: VerdictRow) -> VerdictRow | None:
    """The arm to take, or where none is shown to be as good and the picked one is not shown to be worse, the one that
    may lie nearest to the teacher: that whose interval reaches least far down."""
    if primary.judgement == "as good":
        return primary
    weighed = evidence.weighed
    good = [verdict for verdict in weighed if verdict.judgement == "as good"]
    if good or primary.judgement == "worse":
        return max(good, key=lambda verdict: verdict.difference.low, default=None)
    # An interval over rows alone is too narrow to stand beside others.
    several = [verdict for verdict in weighed if verdict.difference.seeds_error is not None]
    return max(several or weighed, key=lambda verdict: verdict.difference.low, default=primary)


def _facts(evidence: Evidence, difference: Difference) -> ArmFacts:
    row, teacher = evidence.row(difference.arm), evidence.teacher
    assert row is not None, "only an arm that finished is advised"
    assert teacher is not None, "there is a difference only where there is a teacher"
    layers = next((layers for layers in evidence.layers if layers.arm == row.arm), None)
    return ArmFacts(
        arm=row.arm,
        description=row.description,
        pr_auc=row.figures["pr_auc"].mean,
        teacher_pr_auc=teacher.figures["pr_auc"].mean,
        parameter_share=row.figures["parameters"].mean / teacher.figures["parameters"].mean,
        kept=len(layers.kept) if layers else None,
        depth=layers.depth if layers else None,
        difference=difference,
    )


def _would_tell(primary: VerdictRow, margin: float) -> WouldTell:
    if primary.difference.seeds_error is None:
        return WouldTell(obstacle="one seed")
    if primary.realistic:
        return WouldTell(rows=primary.needs_rows, seeds=primary.needs_seeds, both=primary.needs_both)
    if not primary.hopeless:
        return WouldTell(obstacle="too uncertain")
    beyond = primary.difference.estimate <= -margin
    return WouldTell(obstacle="beyond the margin" if beyond else "at the margin")


def _control(evidence: Evidence, arm: str) -> Control | None:
    """What the arm owes to its teacher, where the control that tells was run."""
    difference = _difference(evidence, arm, control_of(arm))
    if difference is None:
        return None
    differs = None if difference.seeds_error is None else not difference.low <= 0 <= difference.high
    return Control(estimate=-difference.estimate, low=-difference.high, high=-difference.low, differs=differs)


def _difference(evidence: Evidence, arm: str | None, against: str) -> Difference | None:
    return next((row for row in evidence.differences if row.arm == arm and row.against == against), None)
