from pathlib import Path

import pytest
from drawn import runs_of
from synthetic import write_study

from potstill.analysis.results import load_results
from potstill.analysis.subgroups import most_mistaken, subgroup_areas
from potstill.domain.measures import Areas, GroupAreas, GroupFile
from potstill.domain.run_key import RunKey


def areas_of(key: RunKey, bpsn: float | None, group: str = "old") -> GroupAreas:
    areas = Areas(subgroup=0.9, bpsn=bpsn, bnsp=None)
    return GroupAreas(
        group=group, source="people.csv", rows=24, positives=12, arm=key.arm, seed=key.seed, digest=key.digest,
        areas=areas,
    )  # fmt: skip


def test_areas_are_means_over_the_seeds_that_know_them(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": 0.0})
    results = load_results(folder)
    assert subgroup_areas(results, "even") == [], "the study asks for none"
    (teacher,), even, odd = (runs_of(folder, arm) for arm in ("teacher", "even", "odd"))
    left_behind = areas_of(even[0].model_copy(update={"digest": "of another study"}), 0.0)
    runs = [areas_of(teacher, 0.8), *(areas_of(key, bpsn) for key, bpsn in zip(even, (0.7, 0.5, None), strict=True))]
    runs += [areas_of(odd[0], 0.1), left_behind, areas_of(teacher, None, group="tall")]
    (folder / "subgroups.json").write_text(GroupFile(runs=runs).model_dump_json())
    old, tall = subgroup_areas(results, "even")
    assert (old.group, old.source, old.rows, old.positives) == ("old", "people.csv", 24, 12)
    assert old.teacher.bpsn == 0.8
    assert old.arm.bpsn == pytest.approx(0.6)
    assert old.arm.bnsp is None
    assert (tall.group, tall.arm.subgroup) == ("tall", None)
    assert most_mistaken([tall]) is None
    assert most_mistaken([old, tall, old.model_copy(update={"group": "young", "arm": old.teacher})]) == old
    assert subgroup_areas(results, None) == []
