"""What is served here: every bundle's description of itself."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from potstill.domain.measures import Measures, Threshold, ThresholdPoint
from potstill.inference.engine import EngineName
from potstill.inference.info import EngineInfo
from potstill.inference.reading import LongText
from potstill.serving.asking import judges_of
from potstill.serving.documented import refusals
from potstill.serving.judge import Judge
from potstill.serving.refusals import own_shape

router = APIRouter(tags=["potstill"])


class ServedModel(BaseModel):
    """One bundle."""

    id: str = Field(description="what `model` of a request may be")
    name: str
    words: str
    labels: list[str]
    positive: str | None
    multilabel: bool = Field(description="whether a text may carry several of the labels, or none")
    threshold: Threshold | None
    curve: list[ThresholdPoint] = Field(description="what other thresholds mean on validation")
    measures: dict[str, Measures] = Field(description="by split, as the study measured the model")
    layers: str
    max_length: int
    long: LongText
    engine: EngineName = Field(description="the one that answers here")
    engines: dict[EngineName, EngineInfo]
    digest: str = Field(description="SHA-256 of the bundle's manifest")


class ServedModels(BaseModel):
    """All of them; the first answers whoever names none."""

    models: list[ServedModel]


@router.get("/models", responses=refusals(own_shape, only=(400, 401, 503)))
async def models(request: Request) -> ServedModels:
    """The models that answer here."""
    return ServedModels(models=[_served(judge) for judge in judges_of(request).values()])


def _served(judge: Judge) -> ServedModel:
    bundle, info = judge.bundle, judge.bundle.info
    return ServedModel(
        id=judge.name, name=info.name, words=info.description, labels=list(info.task.labels),
        positive=info.task.positive, multilabel=info.task.multilabel,
        threshold=info.calibration.threshold, curve=info.curve, measures=info.measures, layers=info.layers,
        max_length=info.max_length, long=info.long, engine=bundle.engine_name, engines=info.engines,
        digest=bundle.digest,
    )  # fmt: skip
