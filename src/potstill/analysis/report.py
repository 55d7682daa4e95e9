"""Every number of a report, worked out once; what words, draws and prints it decides nothing."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from potstill.analysis.advice import Advice, Evidence, advise
from potstill.analysis.curves import Curves, curves_of
from potstill.analysis.differences import Difference, differences
from potstill.analysis.flips import Flips, flips_of
from potstill.analysis.pick import candidate_of, eligible
from potstill.analysis.rank_agreement import RankAgreement, rank_agreements
from potstill.analysis.resampled_scores import Measurements
from potstill.analysis.results import StudyResults
from potstill.analysis.rows import KeptLayers, Row, kept_layers, rows_of, with_answers
from potstill.analysis.staleness import warnings_of
from potstill.analysis.subgroups import SubgroupAreas, subgroup_areas
from potstill.analysis.tradeoffs import TradeOff, tradeoffs
from potstill.analysis.verdicts import VerdictRow, verdicts
from potstill.analysis.weak_teacher import weak_teacher
from potstill.domain.baselines import TEACHER
from potstill.domain.layer_search import LayerSearch
from potstill.domain.measures import CategoryRecall
from potstill.domain.study_record import RateTrial

FORMAT = 2
"""Of `report.json`. Format 1 had no number, other names for the same figures, and no `advice`."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provenance(_Strict):
    """With what a study was made: versions, commit, seeds, machine; the fingerprint of each source; the study file."""

    versions: dict[str, str]
    seeds: list[int]
    machine: str
    fingerprints: dict[str, str]
    rows: dict[str, int]
    positives: dict[str, list[int]]
    study: dict[str, JsonValue]


class Report(_Strict):
    """All of it."""

    format: Literal[2] = FORMAT
    study: str
    task: list[str]
    positive: str | None
    rows: list[Row]
    differences: list[Difference]
    picked: str | None
    """As the study wrote it down."""
    advice: Advice
    margin: float
    rate_trials: list[RateTrial]
    categories: dict[str, list[CategoryRecall]]
    account: list[str]
    notes: list[str]
    warnings: list[str] = []
    """What is wrong with the study's folder as it stands: runs without a hash, bundles that are older than it."""
    machine: str
    version: str
    test_rows: int
    layer_searches: list[LayerSearch] = []
    rank_agreement: list[RankAgreement] = []
    verdicts: list[VerdictRow] = []
    trade_offs: list[TradeOff] = []
    curves: Curves = Curves()
    layers: list[KeptLayers] = []
    flips: Flips | None = None
    subgroups: list[SubgroupAreas] = []
    provenance: Provenance


def analyse(results: StudyResults) -> Report:
    """All figures of a study."""
    record, measured = results.record, Measurements(results)
    rows = [with_answers(row, results) for row in rows_of(results.arms)]
    layers, differing = kept_layers(results.arms), differences(measured)
    judged = verdicts(measured, record.picked, record.rule.margin) if record.rule.verdict else []
    evidence = Evidence(
        picked=record.picked,
        eligible=_eligible(results),
        rows=rows,
        layers=layers,
        verdicts=judged,
        differences=differing,
        margin=record.rule.margin,
        runs_made=results.runs_made,
        runs_planned=len(record.runs),
        weak=weak_teacher(measured),
    )
    return Report(
        study=record.name,
        task=list(record.task.labels),
        positive=record.task.positive,
        rows=rows,
        differences=differing,
        picked=record.picked,
        advice=advise(evidence),
        margin=record.rule.margin,
        rate_trials=record.rate_trials,
        categories=_categories(results),
        account=[source.describe() for source in record.account.sources],
        notes=record.account.notes,
        warnings=list(warnings_of(results)),
        machine=record.machine,
        version=record.version,
        test_rows=len(results.labels),
        layer_searches=results.layer_searches,
        rank_agreement=rank_agreements(results),
        verdicts=judged,
        trade_offs=tradeoffs(rows, differing),
        curves=curves_of(results, record.picked),
        layers=layers,
        flips=flips_of(results, record.picked),
        subgroups=subgroup_areas(results, record.picked),
        provenance=_provenance(results),
    )


def _eligible(results: StudyResults) -> list[str]:
    """The arms that the study's rule asks for."""
    candidates = [candidate_of(arm.record, [run.record for run in arm.runs]) for arm in results.arms]
    return [candidate.arm for candidate in eligible(candidates, results.record.rule.pick)]


def _provenance(results: StudyResults) -> Provenance:
    record, runs = results.record, [run.record for arm in results.arms for run in arm.done]
    return Provenance(
        versions=max((run.provenance for run in runs), key=len, default=dict[str, str]()),
        seeds=record.seeds,
        machine=record.machine,
        fingerprints={source.source: source.fingerprint for source in record.account.sources},
        rows=record.account.rows,
        positives=record.account.positives,
        study=record.study,
    )


def _categories(results: StudyResults) -> dict[str, list[CategoryRecall]]:
    """Those of the teacher and of the picked arm, first seed."""
    shown = [arm for arm in results.arms if arm.name in (TEACHER, results.record.picked) and arm.done]
    by_arm = {arm.name: arm.done[0].record.categories for arm in shown}
    return {name: categories for name, categories in by_arm.items() if categories}
