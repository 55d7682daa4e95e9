"""potstill's own protocol: texts in, a verdict for each; which words weigh; which models there are."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from potstill.domain.predictor import Logits, Prediction
from potstill.inference.occlusion import MOST_WORDS, Part, parts, strongest, variants, weights
from potstill.serving.asking import computed, judge_of, judged
from potstill.serving.documented import refusals
from potstill.serving.judge import Judge, TooLongError
from potstill.serving.limits import MOST_TEXTS
from potstill.serving.refusals import own_shape
from potstill.serving.strict import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["potstill"])
ModelName = Annotated[str | None, Field(description="one of /models; default: the first")]


class ScoreRequest(BaseModel):
    """Texts to judge."""

    model_config = ConfigDict(extra="forbid", strict=True)

    texts: Annotated[list[str], Field(max_length=MOST_TEXTS, description="texts of any length, as they are")]
    model: ModelName = None


class Scored(BaseModel):
    """The verdict on one text."""

    label: str
    score: float = Field(description="probability of the positive label; with more labels than two, of the likeliest")
    flagged: bool | None = Field(
        description="whether it is the positive label; where a text may carry several, whether it has any; else null"
    )
    truncated: bool = Field(description="whether a part of the text was left unread")


class ScoreResponse(BaseModel):
    """A verdict for each text, in their order."""

    model: str
    digest: str = Field(description="SHA-256 of the bundle's manifest: another than that of /models is another bundle")
    results: list[Scored]


@router.post("/score", responses=refusals(own_shape))
async def score(body: ScoreRequest, request: Request) -> ScoreResponse:
    """Judge texts."""
    judge = judge_of(request, body.model)
    found = await judged(request, body.texts, judge)
    results = [
        Scored(label=one.verdict.label, score=one.verdict.score, flagged=one.verdict.flagged, truncated=one.truncated)
        for one in found
    ]
    return ScoreResponse(model=judge.name, digest=judge.bundle.digest, results=results)


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


@router.post("/explain", responses=refusals(own_shape))
async def explain(body: ExplainRequest, request: Request) -> ExplainResponse:
    """Which words of a text weigh on its score."""
    judge = judge_of(request, body.model)
    return await computed(request, [body.text], lambda: _explained(judge, body.text))


async def _explained(judge: Judge, text: str) -> ExplainResponse:
    info = judge.bundle.info
    task, temperature = info.task, info.calibration.temperature
    column = task.positive_index if task.positive else _likeliest((await judge.judge([text]))[0].verdict)
    part, logits = await _without_each_word(judge, text, column, MOST_WORDS)
    words = [
        Word(begin=begin, end=end, weight=weight)
        for (begin, end), weight in zip(part.words, weights(logits, task, column, temperature), strict=True)
    ]
    return ExplainResponse(
        model=judge.name, label=task.labels[column], begin=part.begin, end=part.end, words=words
    )  # fmt: skip


async def _without_each_word(judge: Judge, text: str, column: int, most: int) -> tuple[Part, Logits]:
    """The part of the text, of `most` words, that speaks most for a label, and the logits of its variants. Of fewer
    words where these have too many tokens: a word of a script that the tokenizer was not made for may have a dozen."""
    info = judge.bundle.info
    cut = parts(text, most)
    place = 0
    if len(cut) > 1:
        logits, _ = await judge.ask([text[part.begin : part.end] for part in cut])
        place = strongest(logits, info.task, column, info.calibration.temperature)
    try:
        logits, _ = await judge.ask(variants(text, cut[place]))
    except TooLongError:
        if most == 1:
            raise
        return await _without_each_word(judge, text, column, most // 2)
    return cut[place], logits


def _likeliest(verdict: Prediction) -> int:
    return verdict.shares.index(max(verdict.shares))
