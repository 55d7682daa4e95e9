"""From a request to verdicts, with every reason why not as a refusal."""

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from fastapi import Request

from potstill.serving.gather import BusyError
from potstill.serving.judge import Judge, Judged, TooLongError
from potstill.serving.limits import Limits
from potstill.serving.refusals import RefusalError
from potstill.serving.strict import while_wanted

log = logging.getLogger(__name__)
Found = TypeVar("Found")


@dataclass
class Serving:
    """What the routes of one server share. `judges` is empty while the bundles are being opened."""

    limits: Limits
    categories: dict[str, str]
    """For a label, what it is called in protocols that have categories of their own."""
    judges: dict[str, Judge] = field(default_factory=dict[str, Judge])
    """By the name that a request may ask for; the first answers whoever names none."""
    in_flight: int = 0
    """Requests that have come and are not answered yet."""
    draining: bool = False
    failure: Exception | None = None
    """Why there will be no answers: a bundle did not open, or a queue broke."""
    stop: Callable[[], None] = lambda: None
    """Ends the server."""

    def is_hung(self) -> bool:
        """Whether an engine has been at one batch for too long."""
        return any(judge.gatherer.busy_for() > self.limits.hang_seconds for judge in self.judges.values())

    def is_full(self) -> bool:
        """Whether no queue has room."""
        return bool(self.judges) and all(judge.gatherer.is_full() for judge in self.judges.values())

    def retry_after(self) -> int:
        """Seconds until the first queue has room, as far as is known."""
        return min(judge.gatherer.retry_after() for judge in self.judges.values())

    def waiting_tokens(self) -> int:
        """Tokens that wait or are being computed."""
        return sum(judge.gatherer.waiting_tokens for judge in self.judges.values())


def busy(retry_after: int) -> RefusalError:
    """The refusal of a full queue."""
    return RefusalError(429, "too much is waiting", retry_after=retry_after)


def serving_of(request: Request) -> Serving:
    """What this server shares."""
    return cast(Serving, request.app.state.serving)


def judges_of(request: Request) -> dict[str, Judge]:
    """All bundles by their names. Raises RefusalError 503 while they are being opened."""
    judges = serving_of(request).judges
    if not judges:
        raise RefusalError(503, "the model is being loaded", retry_after=1)
    return judges


def judge_of(request: Request, model: str | None = None) -> Judge:
    """The bundle of this name, or the first. Raises RefusalError 422 where there is none, 503 while loading."""
    judges = judges_of(request)
    if model is not None and model not in judges:
        raise RefusalError(422, f"model: no model of that name is served; there are {', '.join(judges)}")
    return next(iter(judges.values())) if model is None else judges[model]


async def judged(request: Request, texts: Sequence[str], judge: Judge) -> list[Judged]:
    """The verdict on each text; raises as `computed` does."""
    return await computed(request, texts, lambda: judge.judge(texts))


async def computed(request: Request, texts: Sequence[str], work: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
    """What `work` makes of the texts, while the client waits for it.

    Raises:
        RefusalError: 413 for too many tokens, 429 for a full queue, 503 where the engine fails, 504 after too long a
            time.
    """
    limits = serving_of(request).limits
    if any(len(text) > limits.text_characters for text in texts):
        raise RefusalError(413, f"a text has more than {limits.text_characters:,} characters")
    try:
        return await while_wanted(request, work(), limits.request_seconds)
    except TooLongError as error:
        raise RefusalError(413, str(error)) from None
    except BusyError as error:
        raise busy(error.retry_after) from None
    except RefusalError:
        raise
    except Exception as error:  # whatever a library raises: the next batch may well succeed
        log.error("the engine failed: %s", type(error).__name__)
        raise RefusalError(503, "the engine failed", retry_after=1) from None
