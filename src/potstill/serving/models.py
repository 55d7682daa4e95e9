"""`GET /models`: every served bundle's description of itself."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from potstill.domain.measures import Measures, Threshold, ThresholdPoint
from potstill.inference.engine import EngineName
from potstill.inference.info import EngineInfo
from potstill.inference.reading import LongText
from potstill.serving.dependencies import models_of
from potstill.serving.errors import own_shape
from potstill.serving.openapi_errors import error_responses
from potstill.serving.served_model import ServedModel

router = APIRouter(tags=["potstill"])


class ModelDescription(BaseModel):
    """One bundle."""

    id: str = Field(description="what `model` of a request may be")
    name: str
    words: str = Field(description="what the model is, in a line")
    labels: list[str]
    positive: str | None
    multilabel: bool = Field(description="whether a text may carry several of the labels, or none")
    threshold: Threshold | None
    curve: list[ThresholdPoint] = Field(description="what other thresholds mean on validation")
    languages: list[str] = Field(description="ISO 639; those of the texts that the model is for; empty: undeclared")
    checks_languages: bool = Field(description="whether answers say that a text is in none of them")
    measures: dict[str, Measures] = Field(description="by split, as the study measured the model")
    layers: str
    max_length: int
    long: LongText
    engine: EngineName = Field(description="the one that answers here")
    engines: dict[EngineName, EngineInfo]
    digest: str = Field(description="SHA-256 of the bundle's manifest")


class ModelList(BaseModel):
    """All of them; the first answers a request that names none."""

    models: list[ModelDescription]


@router.get("/models", responses=error_responses(own_shape, only=(400, 401, 503)))
async def models(request: Request) -> ModelList:
    """The models that answer here."""
    return ModelList(models=[_description(model) for model in models_of(request).values()])


def _description(model: ServedModel) -> ModelDescription:
    bundle, info = model.bundle, model.bundle.info
    return ModelDescription(
        id=model.name, name=info.name, words=info.description, labels=list(info.task.labels),
        positive=info.task.positive, multilabel=info.task.multilabel,
        threshold=info.calibration.threshold, curve=info.curve,
        languages=list(info.languages), checks_languages=bundle.languages.is_on,
        measures=info.measures, layers=info.layers,
        max_length=info.max_length, long=info.long, engine=bundle.engine_name, engines=info.engines,
        digest=bundle.digest,
    )  # fmt: skip
