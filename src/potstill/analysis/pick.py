"""Which arm a study picks: decided once, when it ends."""

from statistics import mean

from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import COMPRESSED, StudyRecord
from potstill.ledger.ledger import read_record


def pick_arm(folder: StudyFolder, record: StudyRecord) -> str | None:
    """The arm that the rule picks."""
    runs = {arm.arm: [read_record(folder.run(key)) for key in record.runs_of(arm.arm)] for arm in record.arms}
    teacher = runs["teacher"][0].cost.parameters
    scores: dict[str, float] = {}
    for arm in record.arms:
        done = [run for run in runs[arm.arm] if run.status == "done"]
        reached = [run.validation.pr_auc for run in done if run.validation]
        if arm.role not in COMPRESSED or not reached or not all(reached) or any(run.waived for run in done):
            continue
        if record.rule.pick == "any" or (arm.role == "smaller" and done[0].cost.parameters < teacher):
            scores[arm.arm] = mean(score for score in reached if score is not None)
    return max(scores, key=lambda arm: scores[arm], default=None)
