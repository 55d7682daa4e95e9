"""Drawn studies changed afterwards, as if they had been run otherwise."""

import json
from pathlib import Path
from typing import Any

from potstill.analysis.pick import pick_arm
from potstill.analysis.report import Report, analyse
from potstill.analysis.results import Arm, StudyResults, load_results
from potstill.domain.record import RunRecord
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import Role
from potstill.ledger.seals import sealed


def report_of(folder: Path) -> Report:
    """The report of a study's folder."""
    return analyse(load_results(folder))


def arms_of(results: StudyResults) -> dict[str, Arm]:
    """The arms by their names."""
    return {arm.name: arm for arm in results.arms}


def change_record(folder: Path, **changes: object) -> None:
    """Write other things into `study.json`, and pick the arm again."""
    study = StudyFolder(folder)
    record = study.record().model_copy(update=changes)
    if "picked" not in changes:
        pick = pick_arm(study, record)
        record = record.model_copy(update={"picked": pick.arm, "why_none": pick.why_none})
    study.record_file.write_text(record.model_dump_json(), encoding="utf-8")


def change_rule(folder: Path, **changes: object) -> None:
    """Write another rule, and pick the arm again."""
    rule = StudyFolder(folder).record().rule
    change_record(folder, rule=rule.model_copy(update=changes))


def change_role(folder: Path, arm: str, role: Role) -> None:
    """Give an arm another role, and pick the arm again."""
    arms = StudyFolder(folder).record().arms
    change_record(folder, arms=[each.model_copy(update={"role": role}) if each.arm == arm else each for each in arms])


def change_runs(folder: Path, arm: str | None = None, **changes: Any) -> None:
    """Write other things into every run's record, or into one arm's; of a mapping only the keys that are given."""
    for path in (folder / "ledger").glob(f"{arm or '*'}-s*/run.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        for name, value in changes.items():
            content[name] = {**content[name], **value} if isinstance(value, dict) else value
        path.write_text(json.dumps(content), encoding="utf-8")


def runs_of(folder: Path, arm: str) -> list[RunKey]:
    """The names of an arm's runs."""
    return StudyFolder(folder).record().runs_of(arm)


def seal_runs(folder: Path) -> None:
    """Give every run's record its hashes, as the lab writes them."""
    for path in (folder / "ledger").glob("*-s*/run.json"):
        content = {**json.loads(path.read_bytes()), "seal": ""}
        path.write_bytes(sealed(RunRecord.model_validate(content), path.parent))
