"""`POST /v1alpha1/comments:analyze` as Perspective's clients send it, whose service ends with 2026."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue

from potstill.domain.predictor import Prediction
from potstill.serving.dependencies import model_of, predict_or_null
from potstill.serving.errors import RequestError, google_shape
from potstill.serving.openapi_errors import error_responses
from potstill.serving.sentences import Span, sentences
from potstill.serving.served_model import ServedModel
from potstill.serving.strict_json import StrictRoute

MOST_BYTES = 20_480
PATH = "/v1alpha1/comments:analyze"

router = APIRouter(route_class=StrictRoute, tags=["Perspective"])


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class Comment(_Strict):
    """The text to score."""

    text: Annotated[str, Field(json_schema_extra={"pattern": r"\S"})]
    type: str | None = None


class RequestedAttribute(_Strict):
    """How an attribute is wanted. Below `scoreThreshold` it is left out of the answer."""

    scoreType: str | None = None
    scoreThreshold: Annotated[FiniteFloat, Field(ge=0, le=1)] | None = None


class AnalyzeRequest(_Strict):
    """A comment, and the attributes that are wanted. Other keys of that protocol are ignored."""

    comment: Comment
    requestedAttributes: Annotated[dict[str, RequestedAttribute], Field(min_length=1, max_length=64)]
    languages: list[str] = []
    doNotStore: bool = False
    spanAnnotations: bool = False
    clientToken: str | None = None


class Score(BaseModel):
    """A probability."""

    value: float
    type: str = "PROBABILITY"


class SpanScore(BaseModel):
    """The score of a part of the text: code points `begin` to `end` of the text as it was sent."""

    begin: int
    end: int
    score: Score


class AttributeScore(BaseModel):
    """The score of the whole text, and of its parts."""

    spanScores: list[SpanScore]
    summaryScore: Score


class AnalyzeResponse(BaseModel):
    """The scores. `clientToken` is what was sent."""

    attributeScores: dict[str, AttributeScore]
    languages: list[str]
    clientToken: str | None = None


@router.post(PATH, responses=error_responses(google_shape, invalid=400), response_model_exclude_none=True)
async def analyze(body: AnalyzeRequest, request: Request) -> AnalyzeResponse:
    """Score a comment. Nothing is ever stored, whether `doNotStore` says so or not."""
    text = body.comment.text
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise RequestError(400, f"comment.text has more than {MOST_BYTES:,} bytes")
    model = model_of(request)
    columns = attributes(model)
    if unknown := sorted(body.requestedAttributes.keys() - columns.keys()):
        raise RequestError(
            400, f"{len(unknown)} of the requested attributes are not assessed; {', '.join(columns)} are"
        )
    spans = sentences(text) if body.spanAnnotations else []
    predicted, *of_spans = await predict_or_null(request, model, [text, *(text[begin:end] for begin, end in spans)])
    if predicted is None:
        raise _error("comment.text is empty, or nothing in it can be read", "COMMENT_EMPTY")
    whole = predicted.prediction
    read = [(span, part.prediction) for span, part in zip(spans, of_spans, strict=True) if part]
    scores = {
        name: _attribute(whole, read or [((0, len(text)), whole)], columns[name])
        for name, requested in body.requestedAttributes.items()
        if whole.shares[columns[name]] >= (requested.scoreThreshold or 0)
    }
    languages = body.languages or ["en"]
    return AnalyzeResponse(attributeScores=scores, languages=languages, clientToken=body.clientToken)


def attributes(model: ServedModel) -> dict[str, int]:
    """The attributes that can be asked for, each with the column of its label: the labels in Perspective's spelling,
    and TOXICITY for the positive one."""
    task = model.bundle.info.task
    named = {re.sub(r"\W+", "_", label).upper(): column for column, label in enumerate(task.labels)}
    if task.positive is not None:
        named["TOXICITY"] = task.positive_index
    return named


def _error(message: str, kind: str, **more: JsonValue) -> RequestError:
    """An error with the details by which Perspective's clients tell it from others."""
    details = {"@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error", "errorType": kind, **more}
    return RequestError(400, message, details=[details])


def _attribute(whole: Prediction, read: list[tuple[Span, Prediction]], column: int) -> AttributeScore:
    """The score of the whole and of the spans that were `read`: of a span that says nothing there is none."""
    span_scores = [
        SpanScore(begin=begin, end=end, score=Score(value=part.shares[column])) for (begin, end), part in read
    ]
    return AttributeScore(spanScores=span_scores, summaryScore=Score(value=whole.shares[column]))


@router.get("/$discovery/rest", include_in_schema=False)
async def discovery(request: Request) -> dict[str, Any]:
    """The description that Google's client libraries read before their first call."""
    root = str(request.base_url)
    return {
        "kind": "discovery#restDescription", "discoveryVersion": "v1", "id": "commentanalyzer:v1alpha1",
        "name": "commentanalyzer", "version": "v1alpha1", "title": "Comment Analyzer", "protocol": "rest",
        "rootUrl": root, "baseUrl": root, "servicePath": "", "batchPath": "batch",
        "parameters": {"key": {"type": "string", "location": "query"}},
        "schemas": {
            "AnalyzeCommentRequest": {"id": "AnalyzeCommentRequest", "type": "object"},
            "AnalyzeCommentResponse": {"id": "AnalyzeCommentResponse", "type": "object"},
        },
        "resources": {
            "comments": {
                "methods": {
                    "analyze": {
                        "id": "commentanalyzer.comments.analyze", "httpMethod": "POST", "path": PATH.removeprefix("/"),
                        "flatPath": PATH.removeprefix("/"), "parameterOrder": [], "parameters": {},
                        "request": {"$ref": "AnalyzeCommentRequest"}, "response": {"$ref": "AnalyzeCommentResponse"},
                    }
                }
            }
        },
    }  # fmt: skip
