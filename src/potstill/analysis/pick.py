"""Which arm the study's rule picks: decided once, when all runs have been made, and by validation alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import mean

from potstill.analysis.results import read_run
from potstill.domain.baselines import TEACHER
from potstill.domain.record import RunRecord
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import COMPRESSED, ArmRecord, PickRule, Role, StudyRecord


@dataclass(frozen=True)
class Candidate:
    """What the rule looks at in an arm; its scores are means over the seeds that finished, None where none did.

    `validation_pr_auc` is None as well where it is undefined. `waived`: a gate would have refused the arm.
    """

    arm: str
    kind: str
    role: Role
    validation_pr_auc: float | None
    parameters: float | None
    waived: bool


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
    )


def mean_validation_pr_auc(done: Iterable[RunRecord]) -> float | None:
    """Over the seeds that finished; None where there is none, or where it is undefined for one of them."""
    scores = [run.validation.pr_auc for run in done if run.validation]
    return mean(score for score in scores if score is not None) if scores and all(scores) else None


def eligible(candidates: Sequence[Candidate], rule: PickRule) -> list[Candidate]:
    """The compressed arms that the rule asks for and that finished; none that a gate would have refused.

    A small encoder of one's own may be larger than the teacher: that is no smaller model, whatever the arm is for.
    """
    compressed = [
        candidate
        for candidate in candidates
        if candidate.role in COMPRESSED and candidate.validation_pr_auc is not None and not candidate.waived
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


def pick_arm(folder: StudyFolder, record: StudyRecord) -> str | None:
    """The arm that `record.rule` picks among the runs in the folder; None where it can pick none.

    To be asked when every run has been made, and written down as `StudyRecord.picked`: whoever wants to know later
    reads it there.
    """
    runs = {arm.arm: [read_run(folder, key) for key in record.runs_of(arm.arm)] for arm in record.arms}
    candidates = [candidate_of(arm, [run for run in runs[arm.arm] if run]) for arm in record.arms]
    return best_on_validation(eligible(candidates, record.rule.pick))
