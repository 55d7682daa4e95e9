"""`POST /predict` as text-embeddings-inference has it for a classifier."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from potstill.domain.predictor import Prediction
from potstill.serving.asking import judge_of, judged
from potstill.serving.documented import refusals
from potstill.serving.limits import MOST_TEXTS
from potstill.serving.refusals import RefusalError, inference_shape
from potstill.serving.strict import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["text-embeddings-inference"])


# Two are read, so that the refusal can say why; the description has one, since two are never answered.
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
    """One text, or a list of lists of one text each. Unknown keys are let pass, as there.

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


@router.post("/predict", responses=refusals(inference_shape))
async def predict(body: PredictRequest, request: Request) -> list[LabelScore] | list[list[LabelScore]]:
    """Every label with its probability, the likeliest first: a list for one text, a list of lists for several."""
    if body.raw_scores:
        raise RefusalError(422, "raw_scores: this server has probabilities only")
    judge = judge_of(request)
    found = await judged(request, _texts(body.inputs), judge)
    label_scores = [_label_scores(one.verdict, judge.bundle.labels) for one in found]
    return label_scores if isinstance(body.inputs, Many) else label_scores[0]


def _texts(inputs: str | Single | Many) -> list[str]:
    if isinstance(inputs, str):
        return [inputs]
    return [_only(item) for item in (inputs.root if isinstance(inputs, Many) else [inputs.root])]


def _only(texts: list[str]) -> str:
    if len(texts) != 1:
        raise RefusalError(422, "two strings are a sentence pair, which this model does not judge; send [[a], [b]]")
    return texts[0]


def _label_scores(verdict: Prediction, labels: Sequence[str]) -> list[LabelScore]:
    found = [LabelScore(score=share, label=label) for share, label in zip(verdict.shares, labels, strict=True)]
    return sorted(found, key=lambda one: -one.score)
