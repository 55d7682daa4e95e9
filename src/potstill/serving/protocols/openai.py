"""`POST /v1/moderations` as OpenAI's clients send it."""

from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from potstill.domain.predictor import Prediction
from potstill.domain.task import Task
from potstill.serving.dependencies import NOTHING_TO_READ, model_of, predict, predict_or_null, state_of
from potstill.serving.errors import RequestError, openai_shape
from potstill.serving.limits import MOST_TEXTS
from potstill.serving.openapi_errors import error_responses
from potstill.serving.served_model import ServedModel, TextPrediction
from potstill.serving.strict_json import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["OpenAI"])


class TextPart(BaseModel):
    """A part of a message that is text."""

    model_config = ConfigDict(strict=True)

    type: Literal["text"]
    text: str


class ImagePart(BaseModel):
    """A part that is an image: refused, not ignored."""

    type: Literal["image_url"]


# The description has the text alone: an image is never answered.
Part = Annotated[
    TextPart | ImagePart,
    Field(discriminator="type"),
    WithJsonSchema({
        "type": "object", "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
        "required": ["type", "text"],
    }),
]  # fmt: skip


class Texts(RootModel[Annotated[list[str], Field(min_length=1, max_length=MOST_TEXTS)]]):
    """Several texts."""


class Parts(RootModel[Annotated[list[Part], Field(min_length=1, max_length=MOST_TEXTS)]]):
    """The parts of one message."""


class ModerationRequest(BaseModel):
    """One text, several, or the parts of one message. Unknown keys are ignored, as there."""

    model_config = ConfigDict(strict=True)

    input: str | Texts | Parts
    model: str | None = None


class Moderation(BaseModel):
    """What was found in one text. A category that the model does not assess is not here."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[Literal["text"]]]
    foreign_language: str | None = Field(
        default=None, description="ours: as in /score; left out where nothing speaks against the model's languages"
    )


class ModerationResponse(BaseModel):
    """A result for each text; one for all parts of a message."""

    id: str
    model: str
    results: list[Moderation]


@router.post("/v1/moderations", responses=error_responses(openai_shape, invalid=400), response_model_exclude_none=True)
async def moderations(body: ModerationRequest, request: Request) -> ModerationResponse:
    """Score texts; the categories are the model's labels, by the names that the server was started with."""
    model = model_of(request)
    texts, are_one_message = _texts(body.input)
    info = model.bundle.info
    categories = categories_of(state_of(request).categories, info.task)
    if are_one_message:
        predicted = await _parts_of_a_message(request, model, texts)
    else:
        predicted = await predict(request, model, texts, name="input", invalid=400)
    results = [
        moderation_of(text.prediction, categories, info.task).model_copy(
            update={"foreign_language": text.detection.foreign_language}
        )
        for text in predicted
    ]
    results = [_strongest(results)] if are_one_message else results
    return ModerationResponse(id=f"modr-{uuid4().hex}", model=info.name, results=results)


def categories_of(named: dict[str, str], task: Task) -> dict[str, str]:
    """The category of each label that has one: those that were `named`, or else the positive label, or every label
    where a text may carry several.

    Raises:
        RequestError: a text has one of more labels than two and none of them was named as a category.
    """
    if named:
        return named
    if task.multilabel:
        return {label: label for label in task.labels}
    if task.positive is None:
        raise RequestError(400, "this model has more than two labels; --map LABEL=CATEGORY says which are categories")
    return {task.positive: task.positive}


def _texts(given: str | Texts | Parts) -> tuple[list[str], bool]:
    """The texts, and whether they are the parts of one message."""
    if isinstance(given, str):
        return [given], False
    if isinstance(given, Texts):
        return given.root, False
    parts = [part.text for part in given.root if isinstance(part, TextPart)]
    if len(parts) < len(given.root):
        raise RequestError(400, "this model reads text; it does not take images")
    return parts, True


async def _parts_of_a_message(request: Request, model: ServedModel, texts: list[str]) -> list[TextPrediction]:
    """The parts of which anything can be read. Raises RequestError where there is none."""
    parts = [part for part in await predict_or_null(request, model, texts, name="input", invalid=400) if part]
    if not parts:
        raise RequestError(400, f"input: {NOTHING_TO_READ}")
    return parts


def moderation_of(prediction: Prediction, named: dict[str, str], task: Task) -> Moderation:
    """Several labels may be one category: of labels that exclude each other the shares add up, of others the largest
    counts."""
    columns: dict[str, list[int]] = {}
    for label, category in named.items():
        columns.setdefault(category, []).append(task.labels.index(label))
    together = max if task.multilabel else sum
    categories = {name: any(task.labels[n] in prediction.labels for n in its) for name, its in columns.items()}
    scores = {name: min(1.0, together(prediction.shares[n] for n in its)) for name, its in columns.items()}
    return Moderation(
        flagged=any(categories.values()),
        categories=categories,
        category_scores=scores,
        category_applied_input_types={category: ["text"] for category in categories},
    )


def _strongest(parts: list[Moderation]) -> Moderation:
    names = list(parts[0].categories)
    return Moderation(
        flagged=any(part.flagged for part in parts),
        categories={name: any(part.categories[name] for part in parts) for name in names},
        category_scores={name: max(part.category_scores[name] for part in parts) for name in names},
        category_applied_input_types=parts[0].category_applied_input_types,
        foreign_language=next((part.foreign_language for part in parts if part.foreign_language), None),
    )
