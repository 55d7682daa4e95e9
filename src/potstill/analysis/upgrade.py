"""Studies that an earlier version wrote: `study.json` of format 1 becomes one of format 2, and its pick is decided."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from potstill.analysis.pick import pick_arm
from potstill.analysis.results import is_made, read_run
from potstill.domain.errors import PotstillError
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import FORMAT, ArmRecord, Rule, StudyRecord
from potstill.ledger.files import write_file

UNSEEDED = ("majority", "tfidf", "teacher", "untrained")
"""Kinds whose result no seed changes, and the teacher, of which there is one: what `seeded` says of an arm that was
written down before there was `seeded`."""
KEPT = ("name", "task", "seeds", "account", "study", "version", "machine")
"""What stands in format 2 as it stood in format 1."""


@dataclass(frozen=True)
class Upgrade:
    """What was done to a folder: nothing, where it was `current`."""

    current: bool
    record: StudyRecord
    runs_made: int

    def describe(self) -> str:
        """The same in words."""
        if self.current:
            return f"study.json is of format {FORMAT} already; nothing is changed"
        planned, picked = len(self.record.runs), self.record.picked
        done = f"study.json is now of format {FORMAT}: {len(self.record.arms)} arms, {planned} runs"
        if self.runs_made < planned:
            return f"{done}; no arm is picked yet, since {self.runs_made} of {planned} runs are there"
        return (
            f"{done}; picked on validation: {picked}" if picked else f"{done}; no arm is picked: {self.record.why_none}"
        )


def upgrade_study(folder: StudyFolder) -> Upgrade:
    """Convert the record of a study; one that is current is left alone.

    Where every run has been made the arm is picked, once, by the rule that the study was run with. The new file is
    written aside and renamed. Runs are left as they are: theirs of format 1 are converted whenever they are read.

    Raises:
        PotstillError: it is not a study folder, or a file in it is damaged.
    """
    content = _read(folder)
    if content.get("format", 1) != 1:
        record = folder.record()
        return Upgrade(True, record, _made(folder, record))
    try:
        record = _converted(folder, content)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else error
        raise PotstillError(f"{folder.record_file} cannot be converted: {reason}; run the study again") from error
    made = _made(folder, record)
    if made == len(record.runs):
        pick = pick_arm(folder, record)
        record = record.model_copy(update={"picked": pick.arm, "why_none": pick.why_none})
    write_file(folder.record_file, record.model_dump_json(indent=1).encode())
    return Upgrade(False, record, made)


def _read(folder: StudyFolder) -> dict[str, Any]:
    if not folder.is_study():
        raise PotstillError(f"{folder} is not a study folder: it has no study.json")
    try:
        content: Any = json.loads(folder.record_file.read_bytes())
    except ValueError as error:
        raise PotstillError(f"{folder.record_file} is damaged: {error}; run the study again") from error
    if not isinstance(content, dict):
        raise PotstillError(f"{folder.record_file} is damaged: it is not a JSON object; run the study again")
    return content  # pyright: ignore[reportUnknownVariableType] - its values are checked when they are converted


def _made(folder: StudyFolder, record: StudyRecord) -> int:
    return sum(is_made(folder, key) for key in record.runs)


def _converted(folder: StudyFolder, content: Mapping[str, Any]) -> StudyRecord:
    rule = {name: value for name, value in content["rule"].items() if name in Rule.model_fields}
    return StudyRecord.model_validate(
        {
            **{name: content[name] for name in KEPT},
            "arms": [_arm(arm) for arm in content["arms"]],
            "runs": list(_keys(folder, content["runs"])),
            "rule": rule,
            "rate_trials": content["search"],
            "picked": None,
            "test_fingerprint": content.get("test_fingerprint") or _fingerprint(folder),
            "root": content.get("root"),
        }
    )


def _arm(arm: Mapping[str, Any]) -> ArmRecord:
    return ArmRecord(
        arm=arm["arm"], kind=arm["kind"], role=arm["role"], seeds=arm["seeds"], layers=arm["layers"],
        description=arm["words"], seeded=arm.get("seeded", arm["kind"] not in UNSEEDED),
    )  # fmt: skip


def _keys(folder: StudyFolder, places: Mapping[str, str]) -> Iterator[RunKey]:
    """The names of the runs. A run that has not been made has of its digest what its folder's name tells: twelve
    characters, enough to find it by, until the study is run again."""
    for name, place in places.items():
        arm, _, seed = name.rpartition("/s")
        key = RunKey(arm=arm, seed=int(seed), digest=place.removeprefix(f"{arm}-s{seed}-"))
        if key.folder != place:
            raise ValueError(f"{name} cannot be in a folder called {place}")
        run = read_run(folder, key)
        yield run.key if run else key


def _fingerprint(folder: StudyFolder) -> str:
    """That of the test rows, where an earlier version wrote it beside them alone; else nothing."""
    with np.load(folder.rows_file, allow_pickle=False) as rows:
        return str(rows["test_fingerprint"]) if "test_fingerprint" in rows.files else ""
