"""`POST /predict` as text-embeddings-inference has it for a classifier."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, RootModel

from potstill.serving.asking import judge_of, verdicts
from potstill.serving.documented import refusals
from potstill.serving.judge import Verdict
from potstill.serving.refusals import RefusalError, inference_shape
from potstill.serving.strict import StrictRoute

MOST_TEXTS = 256

router = APIRouter(route_class=StrictRoute, tags=["text-embeddings-inference"])


_OneOrTwo = Annotated[list[str], Field(min_length=1, max_length=2)]


class Single(RootModel[_OneOrTwo]):
    """One text in a list; two are a pair."""


class Many(RootModel[Annotated[list[_OneOrTwo], Field(max_length=MOST_TEXTS)]]):
    """Several texts, each in a list of its own."""


class PredictRequest(BaseModel):
    """One text, or a list of lists of one text each. Unknown keys are let pass, as there."""

    model_config = ConfigDict(strict=True)

    inputs: str | Single | Many


class Prediction(BaseModel):
    """One label with its probability."""

    score: float
    label: str


@router.post("/predict", responses=refusals(inference_shape))
async def predict(body: PredictRequest, request: Request) -> list[Prediction] | list[list[Prediction]]:
    """Every label with its probability, the likeliest first: a list for one text, a list of lists for several."""
    labels = judge_of(request).bundle.labels
    if isinstance(body.inputs, str):
        return _predictions((await verdicts(request, [body.inputs]))[0], labels)
    if isinstance(body.inputs, Single):
        return _predictions((await verdicts(request, [_only(body.inputs.root)]))[0], labels)
    found = await verdicts(request, [_only(item) for item in body.inputs.root])
    return [_predictions(verdict, labels) for verdict in found]


def _only(texts: list[str]) -> str:
    if len(texts) != 1:
        raise RefusalError(422, "two strings are a sentence pair, which this model does not judge; send [[a], [b]]")
    return texts[0]


def _predictions(verdict: Verdict, labels: Sequence[str]) -> list[Prediction]:
    found = [Prediction(score=share, label=label) for share, label in zip(verdict.shares, labels, strict=True)]
    return sorted(found, key=lambda one: -one.score)
