"""Which arm the study's rule picks: decided once, when all runs have been made, and by validation alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import mean

from potstill.analysis.resampled_scores import Measurements
from potstill.analysis.results import results_of
from potstill.analysis.weak_teacher import weak_teacher
from potstill.domain.baselines import TEACHER
from potstill.domain.measures import Measures
from potstill.domain.record import RunRecord
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import COMPRESSED, ArmRecord, PickRule, Role, StudyRecord

NONE_ELIGIBLE = (
    "none that [rule] pick asks for has finished, or all that did failed, had a gate waived or answer every row alike "
    "(`potstill run` tries failed runs again)"
)


@dataclass(frozen=True)
class Candidate:
    """What the rule looks at in an arm; its scores are means over the seeds that finished, None where none did.

    `validation_pr_auc` is None as well where it is undefined. `waived`: a gate would have refused the arm. `constant`:
    at some seed it answers every validation row alike, however well its scores rank them.
    """

    arm: str
    kind: str
    role: Role
    validation_pr_auc: float | None
    parameters: float | None
    waived: bool
    constant: bool = False


@dataclass(frozen=True)
class Pick:
    """The arm that is picked, or why none is."""

    arm: str | None
    why_none: str | None = None


def candidate_of(arm: ArmRecord, runs: Sequence[RunRecord]) -> Candidate:
    """An arm as the rule sees it, from those of its runs that there are."""
    done = [run for run in runs if run.status == "done"]
    return Candidate(
        arm=arm.arm,
        kind=arm.kind,
        role=arm.role,
        validation_pr_auc=mean_validation_pr_auc(done),
        parameters=mean(run.cost.parameters for run in done) if done else None,
        waived=any(run.waived for run in done[:1]),
        constant=any(_is_constant(run.validation) for run in done if run.validation),
    )


def _is_constant(measured: Measures) -> bool:
    """Whether the same was decided of every row: each label is found always or never, and nothing is learned by it."""
    return measured.mcc == 0 and all(label.recall in (0, 1) for label in measured.per_label)


def mean_validation_pr_auc(done: Iterable[RunRecord]) -> float | None:
    """Over the seeds that finished; None where there is none, or where it is undefined for one of them."""
    scores = [run.validation.pr_auc for run in done if run.validation]
    return mean(score for score in scores if score is not None) if scores and all(scores) else None


def eligible(candidates: Sequence[Candidate], rule: PickRule) -> list[Candidate]:
    """The compressed arms that the rule asks for and that finished; none that a gate would have refused, and none that
    answers all rows alike.

    A small encoder of one's own may be larger than the teacher: that is no smaller model, whatever the arm is for.
    """
    compressed = [
        candidate
        for candidate in candidates
        if candidate.role in COMPRESSED and candidate.validation_pr_auc is not None
        if not candidate.waived and not candidate.constant
    ]
    if rule != "student":
        return compressed
    teachers = [candidate for candidate in candidates if candidate.kind == TEACHER]
    most = next((teacher.parameters for teacher in teachers if teacher.parameters is not None), inf)
    return [candidate for candidate in compressed if candidate.role == "smaller" and (candidate.parameters or 0) < most]


def best_on_validation(candidates: Sequence[Candidate]) -> str | None:
    """The arm with the best mean PR-AUC on validation, the first of equals; the test split has no say."""
    best = max(candidates, key=lambda candidate: candidate.validation_pr_auc or 0.0, default=None)
    return best.arm if best else None


def pick_arm(folder: StudyFolder, record: StudyRecord) -> Pick:
    """The arm that `record.rule` picks among the runs in the folder: on validation, where the teacher is worth it.

    Whether it is worth it is a verdict, like those on the arms, and given on test: no arm has a part in it. A study may
    waive that (`weak_teacher`). To be asked when every run has been made, and written down in the `StudyRecord`:
    whoever wants to know later reads it there.
    """
    results = results_of(folder, record)
    weak = weak_teacher(Measurements(results))
    if weak and not weak.waived:
        return Pick(None, f"{weak.verdict}: {weak.describe()}")
    candidates = [candidate_of(arm.record, [run.record for run in arm.runs]) for arm in results.arms]
    best = best_on_validation(eligible(candidates, record.rule.pick))
    return Pick(best, None if best else NONE_ELIGIBLE)
