"""Every number of a report, worked out once; the terminal, Markdown and JSON only lay it out."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from potstill.domain.errors import PotstillError
from potstill.domain.layer_search import LayerSearch
from potstill.domain.measures import CategoryRecall
from potstill.domain.record import RunRecord
from potstill.report.answer import answer_of
from potstill.report.curves import Curves, curves_of
from potstill.report.results import Arm, StudyResults, load_results
from potstill.report.rows import KeptLayers, Row, eligible, pick, row_of
from potstill.report.trade import TradeOff, trade_offs
from potstill.report.verdicts import ArmVerdict, Difference, Measurements, differences, test_pr_auc, verdicts
from potstill.report.whom import Flips, SubgroupAreas, flips_of, subgroup_areas
from potstill.statistics.rank import rank_correlation


class _Figures(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Foretold(_Figures):
    """How the order of the choices of layers before any training agrees with that of the students they became."""

    num_layers: int
    choices: int
    split: Literal["test", "validation"]
    estimate: float
    low: float
    high: float


class Making(_Figures):
    """With what a study was made: versions, commit, seeds, machine; the fingerprint of each source; the study file."""

    versions: dict[str, str]
    seeds: list[int]
    machine: str
    fingerprints: dict[str, str]
    rows: dict[str, int]
    positives: dict[str, list[int]]
    study: dict[str, JsonValue]


class Report(_Figures):
    """All of it."""

    study: str
    task: list[str]
    positive: str | None
    rows: list[Row]
    differences: list[Difference]
    picked: str | None
    answer: str
    sentences: list[str]
    """The answer, a sentence each: what to do, what it costs or what would tell, what it owes to its teacher."""
    margin: float
    search: list[dict[str, str | float | bool | None]]
    categories: dict[str, list[CategoryRecall]]
    account: list[str]
    notes: list[str]
    machine: str
    version: str
    test_rows: int
    layer_searches: list[LayerSearch] = []
    foretold: list[Foretold] = []
    verdicts: list[ArmVerdict] = []
    trade_offs: list[TradeOff] = []
    curves: Curves = Curves()
    layers: list[KeptLayers] = []
    flips: Flips | None = None
    subgroups: list[SubgroupAreas] = []
    made: Making


def work_out(results: StudyResults) -> Report:
    """All figures of a study."""
    rows = _rows(results)
    picked = pick(rows, results.summary["rule"]["pick"])
    name, margin = picked.arm if picked else None, float(results.summary["rule"]["margin"])
    measured = Measurements(results)
    judged = verdicts(measured, name, margin) if results.summary["rule"].get("verdict", True) else []
    differing = differences(measured)
    layers = _layers(results.arms)
    able = {row.arm for row in eligible(rows, results.summary["rule"]["pick"])}
    sentences = answer_of(name, rows, layers, judged, differing, margin, len(results.labels), able)
    return Report(
        study=results.summary["name"],
        task=list(results.task.labels),
        positive=results.task.positive,
        rows=rows,
        differences=differing,
        picked=name,
        answer=" ".join(sentences),
        sentences=sentences,
        margin=margin,
        search=results.summary["search"],
        categories=_categories(results, name),
        account=[source.describe() for source in results.account.sources],
        notes=results.account.notes,
        machine=results.summary["machine"],
        version=results.summary["version"],
        test_rows=len(results.labels),
        layer_searches=results.searches,
        foretold=[found for search in results.searches for found in _foretold(results, search)],
        verdicts=judged,
        trade_offs=trade_offs(rows, differing),
        curves=curves_of(results, name),
        layers=layers,
        flips=flips_of(results, name),
        subgroups=subgroup_areas(results, name),
        made=_making(results),
    )


def _rows(results: StudyResults) -> list[Row]:
    rows = [row_of(arm) for arm in results.arms]
    majority = next((row.figures["accuracy"].mean for row in rows if row.kind == "majority" and row.figures), None)
    for row in rows:
        if majority is not None and "accuracy" in row.figures and row.kind != "majority":
            row.below_majority = row.figures["accuracy"].mean < majority
    return rows


def _layers(arms: Sequence[Arm]) -> list[KeptLayers]:
    plans = {arm.name: arm.done[0].record.layers for arm in arms if arm.done}
    return [KeptLayers(arm=arm, depth=plan.depth, kept=list(plan.kept)) for arm, plan in plans.items() if plan]


def _making(results: StudyResults) -> Making:
    records = [run.record for arm in results.arms for run in arm.done]
    return Making(
        versions=max((record.provenance for record in records), key=len, default=dict[str, str]()),
        seeds=results.summary["seeds"],
        machine=results.summary["machine"],
        fingerprints={source.source: source.fingerprint for source in results.account.sources},
        rows=results.account.rows,
        positives=results.account.positives,
        study=results.summary["study"],
    )


def _foretold(results: StudyResults, search: LayerSearch) -> Iterator[Foretold]:
    """Spearman's correlation over the choices that the study also distilled, all in the same way, on either split."""
    nearness = {choice.kept: -choice.kl for choice in search.choices}
    alike: dict[str, dict[tuple[int, ...], Arm]] = {}
    for arm in results.arms:
        first = arm.done[0].record if arm.done else None
        if arm.kind == "student" and first and first.layers and first.layers.kept in nearness:
            alike.setdefault(_but_for_layers(first), {})[first.layers.kept] = arm
    students = max(alike.values(), key=len, default=dict[tuple[int, ...], Arm]())
    before = [nearness[kept] for kept in students]
    reached: dict[Literal["test", "validation"], list[float]] = {
        "test": [test_pr_auc(arm) for arm in students.values()],
        "validation": [row_of(arm).validation_pr_auc or 0.0 for arm in students.values()],
    }
    for split, after in reached.items():
        if found := rank_correlation(before, after):
            yield Foretold(
                num_layers=search.num_layers, choices=found.count, split=split,
                estimate=found.estimate, low=found.low, high=found.high,
            )  # fmt: skip


def _but_for_layers(record: RunRecord) -> str:
    """The settings of a run without those that say which layers it keeps."""
    method = record.settings["method"]
    assert isinstance(method, dict)
    rest = {key: value for key, value in method.items() if key not in ("keep", "num_layers", "reorder")}
    return json.dumps([rest, record.settings["training"]], sort_keys=True)


def picked_model(folder: Path, arm: str | None = None) -> Path:
    """The saved model of a study's picked arm, or of `arm`, at its first seed.

    Raises:
        PotstillError: the folder is no study's, no compressed arm has finished yet, or `arm` has no saved model.
    """
    results = load_results(folder)
    if arm:
        return _model_of(results.arms, arm, folder)
    picked = pick([row_of(arm) for arm in results.arms], results.summary["rule"]["pick"])
    if picked is None:
        raise PotstillError(
            f"{folder}: no arm is picked: none that [rule] pick asks for has finished (`potstill run` continues the "
            "study), or all that did failed or had a gate waived; name another with --arm"
        )
    return next(arm.done[0].folder for arm in results.arms if arm.name == picked.arm) / "model"


def _model_of(arms: Sequence[Arm], name: str, folder: Path) -> Path:
    saved = {arm.name: arm.done[0].folder / "model" for arm in arms if arm.done}
    there = [arm for arm, model in saved.items() if model.is_dir()]
    if name not in there:
        raise PotstillError(f'{folder} has no saved model of an arm "{name}"; it has {", ".join(there)}')
    return saved[name]


def _categories(results: StudyResults, picked: str | None) -> dict[str, list[CategoryRecall]]:
    wanted = ["teacher", picked]
    found = {arm.name: arm.done[0].record.categories for arm in results.arms if arm.name in wanted and arm.done}
    return {name: categories for name, categories in found.items() if categories}
