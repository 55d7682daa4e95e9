"""Quality against what it costs: size and latency."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from potstill.analysis.differences import Difference
from potstill.analysis.rows import Figure, Row
from potstill.domain.baselines import TEACHER
from potstill.domain.study_record import COMPRESSED
from potstill.statistics.pareto import on_front


class TradeOff(BaseModel):
    """One model: PR-AUC beside the teacher's with its interval, its weights in MB, milliseconds a text in the lab with
    their standard deviation over seeds, and whether it stands on the Pareto front of each."""

    model_config = ConfigDict(extra="forbid")

    arm: str
    difference: float
    low: float
    high: float
    megabytes: float
    milliseconds: float | None
    milliseconds_spread: float | None
    smallest: bool = False
    quickest: bool = False


def tradeoffs(rows: Sequence[Row], differences: Sequence[Difference]) -> list[TradeOff]:
    """The teacher and every compressed arm that no gate refuses."""
    by_arm = {row.arm: row for row in differences if row.against == TEACHER}
    points = [
        _point(row, by_arm.get(row.arm))
        for row in rows
        if (row.arm in by_arm and row.role in COMPRESSED and not row.waived) or row.kind == TEACHER
        if row.figures.get("bytes")
    ]
    smallest = on_front([point.megabytes for point in points], [point.difference for point in points])
    for point, is_on in zip(points, smallest, strict=True):
        point.smallest = is_on
    timed = [point for point in points if point.milliseconds is not None]
    quickest = on_front([point.milliseconds or 0.0 for point in timed], [point.difference for point in timed])
    for point, is_on in zip(timed, quickest, strict=True):
        point.quickest = is_on
    return points


def _point(row: Row, difference: Difference | None) -> TradeOff:
    speed = row.figures.get("texts_per_second")
    milliseconds, spread = _latency(speed) if speed and speed.mean else (None, None)
    return TradeOff(
        arm=row.arm,
        difference=difference.estimate if difference else 0.0,
        low=difference.low if difference else 0.0,
        high=difference.high if difference else 0.0,
        megabytes=row.figures["bytes"].mean / 1e6,
        milliseconds=milliseconds,
        milliseconds_spread=spread,
    )


def _latency(speed: Figure) -> tuple[float, float | None]:
    """Milliseconds a text, with their standard deviation to the first order."""
    milliseconds = 1000 / speed.mean
    return milliseconds, None if speed.spread is None else milliseconds * speed.spread / speed.mean
