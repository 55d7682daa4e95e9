"""`POST /predict` as text-embeddings-inference has it for a classifier."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from potstill.domain.predictor import Prediction
from potstill.serving.dependencies import model_of
from potstill.serving.dependencies import predict as predict_texts
from potstill.serving.errors import RequestError, inference_shape
from potstill.serving.limits import MOST_TEXTS
from potstill.serving.openapi_errors import error_responses
from potstill.serving.strict_json import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["text-embeddings-inference"])


# Two are read, so that the error can say why; the description has one, since two are never answered.
_OneOrTwo = Annotated[
    list[str],
    Field(min_length=1, max_length=2),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}),
]


class Single(RootModel[_OneOrTwo]):
    """One text in a list; two are a pair."""


class Many(RootModel[Annotated[list[_OneOrTwo], Field(min_length=1, max_length=MOST_TEXTS)]]):
    """Several texts, each in a list of its own."""


class PredictRequest(BaseModel):
    """One text, or a list of lists of one text each. Unknown keys are ignored, as there.

    `raw_scores` asks for logits there; here there are probabilities only, and it is refused.
    """

    model_config = ConfigDict(strict=True)

    inputs: str | Single | Many
    # Strict, where a Literal takes 0 for False; described as what is answered.
    raw_scores: Annotated[bool, WithJsonSchema({"type": "boolean", "enum": [False], "default": False})] = False


class LabelScore(BaseModel):
    """One label with its probability."""

    score: float
    label: str


@router.post("/predict", responses=error_responses(inference_shape))
async def predict(body: PredictRequest, request: Request) -> list[LabelScore] | list[list[LabelScore]]:
    """Every label with its probability, the likeliest first: a list for one text, a list of lists for several."""
    if body.raw_scores:
        raise RequestError(422, "raw_scores: this server has probabilities only")
    model = model_of(request)
    predicted = await predict_texts(request, model, _texts(body.inputs), name="inputs")
    label_scores = [_label_scores(text.prediction, model.bundle.labels) for text in predicted]
    return label_scores if isinstance(body.inputs, Many) else label_scores[0]


def _texts(inputs: str | Single | Many) -> list[str]:
    if isinstance(inputs, str):
        return [inputs]
    return [_only(item) for item in (inputs.root if isinstance(inputs, Many) else [inputs.root])]


def _only(texts: list[str]) -> str:
    if len(texts) != 1:
        raise RequestError(422, "two strings are a sentence pair, which this model does not take; send [[a], [b]]")
    return texts[0]


def _label_scores(prediction: Prediction, labels: Sequence[str]) -> list[LabelScore]:
    scores = [LabelScore(score=share, label=label) for share, label in zip(prediction.shares, labels, strict=True)]
    return sorted(scores, key=lambda score: -score.score)
