"""potstill's own protocol: texts in, a verdict for each."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from potstill.serving.asking import judge_of, verdicts
from potstill.serving.documented import refusals
from potstill.serving.refusals import own_shape
from potstill.serving.strict import StrictRoute

MOST_TEXTS = 256

router = APIRouter(route_class=StrictRoute, tags=["potstill"])


class ScoreRequest(BaseModel):
    """Texts to judge."""

    model_config = ConfigDict(extra="forbid", strict=True)

    texts: Annotated[list[str], Field(max_length=MOST_TEXTS, description="texts of any length, as they are")]


class Scored(BaseModel):
    """The verdict on one text."""

    label: str
    score: float = Field(description="probability of the positive label; with more labels than two, of the decided one")
    flagged: bool | None = Field(description="whether it is the positive label; null with more labels than two")
    truncated: bool = Field(description="whether a part of the text was left unread")


class ScoreResponse(BaseModel):
    """A verdict for each text, in their order."""

    model: str
    results: list[Scored]


@router.post("/score", responses=refusals(own_shape))
async def score(body: ScoreRequest, request: Request) -> ScoreResponse:
    """Judge texts."""
    found = await verdicts(request, body.texts)
    results = [Scored(label=one.label, score=one.score, flagged=one.flagged, truncated=one.truncated) for one in found]
    return ScoreResponse(model=judge_of(request).bundle.info.name, results=results)
