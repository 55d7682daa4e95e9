"""How far the order of choices of layers before any training agrees with that of the students they became."""

import json
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from potstill.analysis.pick import mean_validation_pr_auc
from potstill.analysis.resampled_scores import mean_pr_auc
from potstill.analysis.results import Arm, StudyResults
from potstill.domain.layer_search import LayerSearch
from potstill.domain.record import RunRecord
from potstill.statistics.rank import rank_correlation


class RankAgreement(BaseModel):
    """Spearman's rank correlation, with its 95 % interval, between how near choices of layers came to the teacher
    before any training and the PR-AUC that the students of these layers reached on one split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_layers: int
    choices: int
    split: Literal["test", "validation"]
    estimate: float
    low: float
    high: float


def rank_agreements(results: StudyResults) -> list[RankAgreement]:
    """Those of every search for layers, on either split, where enough of its choices were distilled."""
    return [agreement for search in results.layer_searches for agreement in _of_search(results, search)]


def _of_search(results: StudyResults, search: LayerSearch) -> Iterator[RankAgreement]:
    """Over the choices that the study also distilled, all in the same way."""
    nearness = {choice.kept: -choice.kl for choice in search.choices}
    students = _students_of(results, search)
    before = [nearness[kept] for kept in students]
    reached: dict[Literal["test", "validation"], list[float]] = {
        "test": [mean_pr_auc(arm) for arm in students.values()],
        "validation": [mean_validation_pr_auc(run.record for run in arm.done) or 0.0 for arm in students.values()],
    }
    for split, after in reached.items():
        if correlation := rank_correlation(before, after):
            yield RankAgreement(
                num_layers=search.num_layers, choices=correlation.count, split=split,
                estimate=correlation.estimate, low=correlation.low, high=correlation.high,
            )  # fmt: skip


def _students_of(results: StudyResults, search: LayerSearch) -> dict[tuple[int, ...], Arm]:
    """The students of the search's choices by their layers: the most that differ in nothing else."""
    tried = {choice.kept for choice in search.choices}
    alike: dict[str, dict[tuple[int, ...], Arm]] = {}
    for arm in results.arms:
        first = arm.done[0].record if arm.done else None
        if arm.kind == "student" and first and first.layers and first.layers.kept in tried:
            alike.setdefault(_but_for_layers(first), {})[first.layers.kept] = arm
    return max(alike.values(), key=len, default=dict[tuple[int, ...], Arm]())


def _but_for_layers(record: RunRecord) -> str:
    """The settings of a run without those that say which layers it keeps."""
    method = record.settings["method"]
    assert isinstance(method, dict)
    rest = {key: value for key, value in method.items() if key not in ("keep", "num_layers", "reorder")}
    return json.dumps([rest, record.settings["training"]], sort_keys=True)
