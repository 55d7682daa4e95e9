"""How the picked model ranks the rows that mention a group of people, beside the teacher."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from potstill.analysis.results import StudyResults
from potstill.domain.baselines import TEACHER
from potstill.domain.measures import Areas, GroupAreas, GroupFile


class SubgroupAreas(BaseModel):
    """Rows that mention a group, with the areas of the teacher and of the picked arm, means over its seeds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    source: str
    rows: int
    positives: int
    teacher: Areas
    arm: Areas


def subgroup_areas(results: StudyResults, picked: str | None) -> list[SubgroupAreas]:
    """What the study wrote down, of the teacher and of the picked arm."""
    file = results.folder.subgroups_file
    if picked is None or not file.is_file():
        return []
    digests = {run.record.digest for arm in results.arms for run in arm.done}
    # What another run left behind says nothing of the models that stand here now.
    runs = [run for run in GroupFile.model_validate_json(file.read_bytes()).runs if run.digest in digests]
    by_group: dict[tuple[str, str], list[GroupAreas]] = {}
    for run in runs:
        by_group.setdefault((run.source, run.group), []).append(run)
    return [_areas_of(runs, picked) for runs in by_group.values()]


def most_mistaken(groups: Sequence[SubgroupAreas]) -> SubgroupAreas | None:
    """The group whose harmless mentions the picked arm takes most for the positive label: the lowest BPSN."""
    known = [group for group in groups if group.arm.bpsn is not None]
    return min(known, key=lambda group: group.arm.bpsn or 0.0, default=None)


def _areas_of(runs: Sequence[GroupAreas], picked: str) -> SubgroupAreas:
    """One group's, from the areas of every run."""
    first = runs[0]
    return SubgroupAreas(
        group=first.group, source=first.source, rows=first.rows, positives=first.positives,
        teacher=_mean([run.areas for run in runs if run.arm == TEACHER]),
        arm=_mean([run.areas for run in runs if run.arm == picked]),
    )  # fmt: skip


def _mean(areas: Sequence[Areas]) -> Areas:
    return Areas(
        subgroup=_mean_known(area.subgroup for area in areas),
        bpsn=_mean_known(area.bpsn for area in areas),
        bnsp=_mean_known(area.bnsp for area in areas),
    )


def _mean_known(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
