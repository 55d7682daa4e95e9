"""Whom it hits: the rows that the picked model decides otherwise than the teacher, and the groups that rows mention."""

import gzip
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from potstill.domain.measures import Areas, GroupAreas, GroupFile
from potstill.domain.predictor import alike, decide, probabilities
from potstill.report.results import Run, StudyResults
from potstill.report.verdicts import right

TEXTS = "texts.jsonl.gz"
"""The texts of the test rows, beside a study's logits; a packed study has none."""
SUBGROUPS = "subgroups.json"
BINS = 5
EXAMPLES = 5
LONGEST = 300
"""Characters of a text that are shown."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FlipBin(_Strict):
    """A stretch of the teacher's probability: rows in it, those that only the teacher decided rightly, those that only
    the arm did, and those that both decided wrongly, each in its own way."""

    low: float
    high: float
    rows: int
    lost: int
    gained: int
    other: int


class Flip(_Strict):
    """One row that was decided otherwise: its place in the test split, from 0, and both probabilities."""

    row: int
    label: str
    teacher: float
    arm: float
    lost: bool
    text: str | None


class Flips(_Strict):
    """All rows of the picked arm, at one seed, that it decides otherwise than the teacher; unweighted counts.

    Probabilities are those of the positive label, or, with more labels, of the one that the teacher decided on.
    """

    arm: str
    seed: int
    bins: list[FlipBin]
    examples: list[Flip]


class SubgroupAreas(_Strict):
    """Rows that mention a group, with the areas of the teacher and of the picked arm, means over its seeds."""

    group: str
    source: str
    rows: int
    positives: int
    teacher: Areas
    arm: Areas


def flips_of(results: StudyResults, picked: str | None) -> Flips | None:
    """The flips of the picked arm's first seed."""
    teacher = results.arm("teacher")
    arm = next((arm for arm in results.arms if arm.name == picked and arm.done), None)
    if teacher is None or not teacher.done or arm is None:
        return None
    taught, run = teacher.done[0], arm.done[0]
    one, other = right(results, taught), right(results, run)
    decided = [_decided(results, each) for each in (taught, run)]
    differs = ~alike(decided[0], decided[1])
    sure, again = _stated(results, taught, taught), _stated(results, run, taught)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    bins = [
        FlipBin(
            low=bin / BINS, high=(bin + 1) / BINS, rows=int(here.sum()), lost=int((here & one & ~other).sum()),
            gained=int((here & other & ~one).sum()), other=int((here & differs & ~one & ~other).sum()),
        )
        for bin in range(BINS)
        for here in [place == bin]
    ]  # fmt: skip
    return Flips(arm=arm.name, seed=run.record.seed, bins=bins, examples=_examples(results, one, other, sure, again))


def _decided(results: StudyResults, run: Run) -> NDArray[np.int64]:
    assert run.test is not None, "only runs that finished decided anything"
    return decide(run.test, run.record.calibration, results.task)


def _stated(results: StudyResults, run: Run, teacher: Run) -> NDArray[np.float64]:
    """The calibrated probability of the positive label, or of the one that the teacher is surest of."""
    task = results.task
    assert run.test is not None, "only runs that finished are compared"
    assert teacher.test is not None
    shares = probabilities(run.test, task, run.record.calibration.temperature)
    if task.problem == "binary":
        return shares[:, task.positive_index]
    surest = probabilities(teacher.test, task, teacher.record.calibration.temperature).argmax(axis=1)
    return shares[np.arange(len(shares)), surest]


def _examples(
    results: StudyResults,
    one: NDArray[np.bool_],
    other: NDArray[np.bool_],
    sure: NDArray[np.float64],
    again: NDArray[np.float64],
) -> list[Flip]:
    """The rows whose probability moved most, of each kind."""
    texts = _texts(results.folder)
    found: list[Flip] = []
    for lost, rows in ((True, one & ~other), (False, other & ~one)):
        places = np.flatnonzero(rows)
        moved: list[int] = places[np.argsort(-np.abs(sure - again)[places], kind="stable")][:EXAMPLES].tolist()
        for row in moved:
            found.append(
                Flip(
                    row=row, label=_label(results, row), teacher=float(sure[row]), arm=float(again[row]), lost=lost,
                    text=None if texts is None else texts[row][:LONGEST],
                )
            )  # fmt: skip
    return found


def _label(results: StudyResults, row: int) -> str:
    labels, marked = results.task.labels, results.labels[row]
    if results.task.multilabel:
        return ", ".join(name for name, mark in zip(labels, marked, strict=True) if mark) or "none"
    return labels[int(marked)]


def _texts(folder: Path) -> list[str] | None:
    """The texts of the test rows, where they were kept."""
    path = folder / TEXTS
    if not path.is_file():
        return None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [str(json.loads(line)) for line in lines]


def subgroup_areas(results: StudyResults, picked: str | None) -> list[SubgroupAreas]:
    """What the study wrote down, of the teacher and of the picked arm."""
    path = results.folder / SUBGROUPS
    if picked is None or not path.is_file():
        return []
    digests = {run.record.digest for arm in results.arms for run in arm.done}
    # What another run left behind says nothing of the models that stand here now.
    found = GroupFile.model_validate_json(path.read_text(encoding="utf-8")).runs
    runs = [one for one in found if one.digest in digests]
    by_group: dict[tuple[str, str], list[GroupAreas]] = {}
    for run in runs:
        by_group.setdefault((run.source, run.group), []).append(run)
    return [
        SubgroupAreas(
            group=group, source=source, rows=of_group[0].rows, positives=of_group[0].positives,
            teacher=_mean([run.areas for run in of_group if run.arm == "teacher"]),
            arm=_mean([run.areas for run in of_group if run.arm == picked]),
        )
        for (source, group), of_group in by_group.items()
    ]  # fmt: skip


def _mean(found: list[Areas]) -> Areas:
    def of(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    return Areas(
        subgroup=of([one.subgroup for one in found]), bpsn=of([one.bpsn for one in found]),
        bnsp=of([one.bnsp for one in found]),
    )  # fmt: skip
