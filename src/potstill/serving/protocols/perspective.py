"""`POST /v1alpha1/comments:analyze` as Perspective's clients send it, whose service ends with 2026."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from potstill.domain.language import UNDETERMINED
from potstill.domain.predictor import Prediction
from potstill.inference.languages import Detection, LanguageCheck
from potstill.serving.dependencies import compute, model_of
from potstill.serving.errors import RequestError, google_shape
from potstill.serving.openapi_errors import error_responses
from potstill.serving.sentences import Span, sentences
from potstill.serving.served_model import ServedModel
from potstill.serving.strict_json import StrictRoute

MOST_BYTES = 20_480
MOST_LANGUAGES = 8
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?")
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
    languages: Annotated[list[str], Field(max_length=64)] = []
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
    """The scores. `clientToken` is what was sent; `languages` too, or else those that the model declares.
    `detectedLanguages` is the language that the comment is clearly in, where languages are checked; `und` for one that
    is clearly none of the model's and else not clear."""

    attributeScores: dict[str, AttributeScore]
    languages: list[str]
    detectedLanguages: list[str] | None = None
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
    _check_requested(body.languages, next(iter(body.requestedAttributes)), model.bundle.languages)
    spans = sentences(text, *model.bundle.languages.declared[:1]) if body.spanAnnotations else []
    texts = [text, *(text[begin:end] for begin, end in spans)]
    predicted, *of_spans = await compute(request, texts, lambda: model.predict(texts))
    if predicted is None:
        raise _error("comment.text is empty, or nothing in it can be read", "COMMENT_EMPTY")
    check, detected = model.bundle.languages, predicted.detection
    if check.is_strict and detected.foreign and not body.languages:
        raise _language_error(next(iter(body.requestedAttributes)), detectedLanguages=[detected.foreign_language])
    whole = predicted.prediction
    read = [(span, part.prediction) for span, part in zip(spans, of_spans, strict=True) if part]
    scores = {
        name: _attribute(whole, read or [((0, len(text)), whole)], columns[name])
        for name, requested in body.requestedAttributes.items()
        if whole.shares[columns[name]] >= (requested.scoreThreshold or 0)
    }
    return AnalyzeResponse(
        attributeScores=scores, languages=body.languages or list(check.declared),
        detectedLanguages=_detected(detected) if check.is_on else None, clientToken=body.clientToken,
    )  # fmt: skip


def _check_requested(languages: list[str], attribute: str, check: LanguageCheck) -> None:
    """Raise RequestError for a language of the request that is none of those that the model declares."""
    if check.mode == "off" or not check.declared:
        return
    if unserved := [tag for tag in languages if not check.serves(tag)]:
        # Only what can be a tag is repeated, and no more of them than a comment is in.
        tags = [tag if _TAG.fullmatch(tag) else UNDETERMINED for tag in unserved[:MOST_LANGUAGES]]
        raise _language_error(attribute, requestedLanguages=tags)


def _language_error(attribute: str, **languages: Sequence[str | None]) -> RequestError:
    """Perspective's own error for a language that an attribute is not there for."""
    (tags,) = languages.values()
    return _error(
        f"Attribute {attribute} does not support request languages: {', '.join(map(str, tags))}",
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        languageNotSupportedByAttributeError={**languages, "attribute": attribute},
    )


def _detected(detection: Detection) -> list[str]:
    named = detection.foreign_language or detection.language
    return [named] if named else []


def attributes(model: ServedModel) -> dict[str, int]:
    """The attributes that can be asked for, each with the column of its label: the labels in Perspective's spelling,
    and TOXICITY for the positive one."""
    task = model.bundle.info.task
    named = {re.sub(r"\W+", "_", label).upper(): column for column, label in enumerate(task.labels)}
    if task.positive is not None:
        named["TOXICITY"] = task.positive_index
    return named


def _error(message: str, kind: str, **more: object) -> RequestError:
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
