"""What a route takes from its request: the server's state, a model, and the model's answer in time."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar, cast

from fastapi import Request

from potstill.serving.batch_queue import BusyError
from potstill.serving.errors import RequestError, queue_full
from potstill.serving.served_model import ServedModel, TextPrediction, TooLongError
from potstill.serving.state import ServerState

log = logging.getLogger(__name__)
NOTHING_TO_READ = "there is nothing in the text that the model can read"
Answer = TypeVar("Answer")


def state_of(request: Request) -> ServerState:
    """What this server shares."""
    return cast(ServerState, request.app.state.server)


def models_of(request: Request) -> dict[str, ServedModel]:
    """All models by their names. Raises RequestError 503 while they are being opened."""
    models = state_of(request).models
    if not models:
        raise RequestError(503, "the model is being loaded", retry_after=1)
    return models


def model_of(request: Request, name: str | None = None) -> ServedModel:
    """The model of this name, or the first. Raises RequestError 422 where there is none, 503 while loading."""
    models = models_of(request)
    if name is not None and name not in models:
        raise RequestError(422, f"model: no model of that name is served; there are {', '.join(models)}")
    return next(iter(models.values())) if name is None else models[name]


async def predict_or_null(
    request: Request, model: ServedModel, texts: Sequence[str], *, name: str, invalid: int = 422
) -> list[TextPrediction | None]:
    """The prediction for each text, None for a text of which nothing can be read. In the protocol the texts are called
    `name` and an error in them `invalid`.

    Raises:
        RequestError: a text is in another language, where such texts are refused; else as `compute`.
    """
    predicted = await compute(request, texts, lambda: model.predict(texts))
    check = model.bundle.languages
    for place, each in enumerate(predicted):
        if check.is_strict and each and each.detection.foreign:
            raise RequestError(invalid, f"{_place(name, texts, place)}: {check.refusal(each.detection)}")
    return predicted


async def predict(
    request: Request, model: ServedModel, texts: Sequence[str], *, name: str, invalid: int = 422
) -> list[TextPrediction]:
    """The prediction for each text, for a protocol that has no word for a text without any.

    Raises:
        RequestError: nothing of a text can be read; else as `predict_or_null`.
    """
    predicted = await predict_or_null(request, model, texts, name=name, invalid=invalid)
    for place, prediction in enumerate(predicted):
        if prediction is None:
            raise RequestError(invalid, f"{_place(name, texts, place)}: {NOTHING_TO_READ}")
    return [prediction for prediction in predicted if prediction]


def _place(name: str, texts: Sequence[str], place: int) -> str:
    return name if len(texts) == 1 else f"{name}.{place}"


async def compute(request: Request, texts: Sequence[str], work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    """What `work` makes of the texts, while the client waits for it.

    Raises:
        RequestError: 413 for too many tokens, 429 for a full queue, 500 where the model fails on these texts, 504 after
            too long a time.
    """
    limits = state_of(request).limits
    if any(len(text) > limits.text_characters for text in texts):
        raise RequestError(413, f"a text has more than {limits.text_characters:,} characters")
    try:
        return await while_connected(request, work(), limits.request_seconds)
    except TooLongError as error:
        raise RequestError(413, str(error)) from None
    except BusyError as error:
        raise queue_full(error.retry_after) from None
    except RequestError:
        raise
    except Exception as error:  # whatever a library raises: of these texts alone, so it would raise it again
        log.error("the model failed on a request: %s", type(error).__name__)
        raise RequestError(500, "the model cannot answer this request; it would fail again") from None


async def while_connected(request: Request, work: Coroutine[Any, Any, Answer], seconds: float) -> Answer:
    """What `work` gives, unless the client leaves or the time runs out first; `work` is then cancelled.

    Raises:
        RequestError: 499 (nobody will read it) or 504.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnected(request))
    try:
        done, _ = await asyncio.wait({working, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if working in done:
            return working.result()
        raise RequestError(499, "the client has left") if done else RequestError(504, f"no answer within {seconds:g} s")
    finally:
        working.cancel()
        leaving.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
