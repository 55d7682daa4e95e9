"""potstill's own protocol: texts in, a prediction for each; which words matter."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from potstill.domain.predictor import Logits, predictions
from potstill.inference.occlusion import MOST_WORDS, Part, parts, strongest, variants, weights
from potstill.serving.dependencies import NOTHING_TO_READ, compute, model_of, predict_or_null
from potstill.serving.errors import RequestError, own_shape
from potstill.serving.limits import MOST_TEXTS
from potstill.serving.openapi_errors import error_responses
from potstill.serving.served_model import ServedModel, TextPrediction, TooLongError
from potstill.serving.strict_json import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["potstill"])
ModelName = Annotated[str | None, Field(description="one of /models; default: the first")]


class ScoreRequest(BaseModel):
    """Texts to score."""

    model_config = ConfigDict(extra="forbid", strict=True)

    texts: Annotated[list[str], Field(max_length=MOST_TEXTS, description="texts of any length, as they are")]
    model: ModelName = None


class ScoreResult(BaseModel):
    """The prediction for one text."""

    label: str
    score: float = Field(description="probability of the positive label; with more labels than two, of the likeliest")
    flagged: bool | None = Field(
        description="whether it is the positive label; where a text may carry several, whether it has any; else null"
    )
    truncated: bool = Field(description="whether a part of the text was left unread")
    foreign_language: str | None = Field(
        description="where the text is clearly in none of the model's languages, the one that it seems to be in (ISO "
        "639, und: not clear which): the score means little; else null, also where nothing is checked"
    )


class ScoreResponse(BaseModel):
    """A prediction for each text, in their order."""

    model: str
    digest: str = Field(description="SHA-256 of the bundle's manifest: another than that of /models is another bundle")
    results: list[ScoreResult | None] = Field(description="null for a text of which the model can read nothing")


@router.post("/score", responses=error_responses(own_shape))
async def score(body: ScoreRequest, request: Request) -> ScoreResponse:
    """Score texts."""
    model = model_of(request, body.model)
    results = [text and _result(text) for text in await predict_or_null(request, model, body.texts, name="texts")]
    return ScoreResponse(model=model.name, digest=model.bundle.digest, results=results)


def _result(text: TextPrediction) -> ScoreResult:
    its = text.prediction
    return ScoreResult(
        label=its.label,
        score=its.score,
        flagged=its.flagged,
        truncated=text.truncated,
        foreign_language=text.detection.foreign_language,
    )


class ExplainRequest(BaseModel):
    """A text whose words are to be weighed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str
    model: ModelName = None


class Word(BaseModel):
    """A word, code points `begin` to `end` of the text as it was sent, and what it adds to the label's log-odds."""

    begin: int
    end: int
    weight: float


class ExplainResponse(BaseModel):
    """The words of a text, or of its strongest part where it has too many (more than 64, or of
    many tokens each); approximate: each was left out once."""

    model: str
    label: str = Field(description="what the weights speak for: the positive label, or the likeliest of several")
    begin: int
    end: int
    words: list[Word] = Field(max_length=MOST_WORDS)


@router.post("/explain", responses=error_responses(own_shape))
async def explain(body: ExplainRequest, request: Request) -> ExplainResponse:
    """Which words of a text matter for its score."""
    model = model_of(request, body.model)
    return await compute(request, [body.text], lambda: _explanation(model, body.text))


async def _explanation(model: ServedModel, text: str) -> ExplainResponse:
    info = model.bundle.info
    task, temperature = info.task, info.calibration.temperature
    if await model.is_blank(text):
        raise RequestError(422, f"text: {NOTHING_TO_READ}")
    column = task.positive_index if task.positive else await _likeliest(model, text)
    part, logits = await _without_each_word(model, text, column, MOST_WORDS)
    words = [
        Word(begin=begin, end=end, weight=weight)
        for (begin, end), weight in zip(part.words, weights(logits, task, column, temperature), strict=True)
    ]
    return ExplainResponse(model=model.name, label=task.labels[column], begin=part.begin, end=part.end, words=words)


async def _without_each_word(model: ServedModel, text: str, column: int, most: int) -> tuple[Part, Logits]:
    """The part of the text, of `most` words, that speaks most for a label, and the logits of its variants. Of fewer
    words where these have too many tokens: a word of a script that the tokenizer was not made for may have a dozen."""
    info = model.bundle.info
    cut = await asyncio.to_thread(parts, text, most)
    place = 0
    if len(cut) > 1:
        logits, _ = await model.logits([text[part.begin : part.end] for part in cut])
        place = strongest(logits, info.task, column, info.calibration.temperature)
    try:
        logits, _ = await model.logits(variants(text, cut[place]))
    except TooLongError:
        if most == 1:
            raise
        return await _without_each_word(model, text, column, most // 2)
    return cut[place], logits


async def _likeliest(model: ServedModel, text: str) -> int:
    info = model.bundle.info
    logits, _ = await model.logits([text])
    (prediction,) = predictions(logits, info.calibration, info.task)
    return prediction.shares.index(max(prediction.shares))
