"""The test rows that the picked model decides otherwise than the teacher."""

import gzip
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from potstill.analysis.decisions import decided, right
from potstill.analysis.results import Run, StudyResults
from potstill.domain.baselines import TEACHER
from potstill.domain.predictor import alike, probabilities
from potstill.domain.study_folder import StudyFolder
from potstill.domain.task import NO_LABEL

BINS = 5
EXAMPLES = 5
LONGEST = 300
"""Characters of a text that are shown."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FlipBin(_Strict):
    """A stretch of the teacher's probability: rows in it, those that only the teacher decided rightly, those that only
    the arm did, and those that both decided wrongly, each in its own way."""

    low: float
    high: float
    rows: int
    lost: int
    gained: int
    both_wrong: int


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


@dataclass(frozen=True)
class _Pair:
    """The teacher and the arm on every test row, (n,) each: who is right, whether they differ, what they state."""

    teacher_right: NDArray[np.bool_]
    arm_right: NDArray[np.bool_]
    differs: NDArray[np.bool_]
    teacher_states: NDArray[np.float64]
    arm_states: NDArray[np.float64]

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Rows that only the teacher decided rightly."""
        return self.teacher_right & ~self.arm_right

    @property
    def gained(self) -> NDArray[np.bool_]:
        """Rows that only the arm decided rightly."""
        return self.arm_right & ~self.teacher_right

    @property
    def both_wrong(self) -> NDArray[np.bool_]:
        """Rows that both decided wrongly, each in its own way."""
        return self.differs & ~self.teacher_right & ~self.arm_right


def flips_of(results: StudyResults, picked: str | None) -> Flips | None:
    """The flips of the picked arm's first seed; None where there is no such arm, or no teacher."""
    teacher, arm = results.arm(TEACHER), results.arm_named(picked)
    if teacher is None or not teacher.done or arm is None:
        return None
    pair = _pair(results, teacher.done[0], arm.done[0])
    return Flips(
        arm=arm.name, seed=arm.done[0].record.seed, bins=_bins(pair), examples=_examples(results, pair)
    )  # fmt: skip


def _pair(results: StudyResults, teacher: Run, arm: Run) -> _Pair:
    return _Pair(
        teacher_right=right(results, teacher),
        arm_right=right(results, arm),
        differs=~alike(decided(results, teacher), decided(results, arm)),
        teacher_states=_stated(results, teacher, teacher),
        arm_states=_stated(results, arm, teacher),
    )


def _stated(results: StudyResults, run: Run, teacher: Run) -> NDArray[np.float64]:
    """The calibrated probability of the positive label, or of the one that the teacher is surest of."""
    task = results.task
    shares = probabilities(run.logits, task, run.record.calibration.temperature)
    if task.problem == "binary":
        return shares[:, task.positive_index]
    surest = probabilities(teacher.logits, task, teacher.record.calibration.temperature).argmax(axis=1)
    return shares[np.arange(len(shares)), surest]


def _bins(pair: _Pair) -> list[FlipBin]:
    place = np.minimum((pair.teacher_states * BINS).astype(int), BINS - 1)
    return [
        FlipBin(
            low=bin / BINS, high=(bin + 1) / BINS, rows=int(here.sum()), lost=int((here & pair.lost).sum()),
            gained=int((here & pair.gained).sum()), both_wrong=int((here & pair.both_wrong).sum()),
        )
        for bin in range(BINS)
        for here in [place == bin]
    ]  # fmt: skip


def _examples(results: StudyResults, pair: _Pair) -> list[Flip]:
    """The rows whose probability moved most, of each kind."""
    texts = _texts(results.folder)
    distance = -np.abs(pair.teacher_states - pair.arm_states)
    examples: list[Flip] = []
    for lost, rows in ((True, pair.lost), (False, pair.gained)):
        places = np.flatnonzero(rows)
        moved: list[int] = places[np.argsort(distance[places], kind="stable")][:EXAMPLES].tolist()
        examples += [
            Flip(
                row=row, label=_label(results, row), teacher=float(pair.teacher_states[row]),
                arm=float(pair.arm_states[row]), lost=lost, text=None if texts is None else texts[row][:LONGEST],
            )
            for row in moved
        ]  # fmt: skip
    return examples


def _label(results: StudyResults, row: int) -> str:
    labels, marked = results.task.labels, results.labels[row]
    if results.task.multilabel:
        return ", ".join(name for name, mark in zip(labels, marked, strict=True) if mark) or NO_LABEL
    return labels[int(marked)]


def _texts(folder: StudyFolder) -> list[str] | None:
    """The texts of the test rows, where they were kept: a packed study has none."""
    if not folder.texts_file.is_file():
        return None
    with gzip.open(folder.texts_file, "rt", encoding="utf-8") as lines:
        return [str(json.loads(line)) for line in lines]
