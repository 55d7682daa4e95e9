"""From a request to verdicts, with every reason why not as a refusal."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from fastapi import Request

from potstill.serving.gather import BusyError
from potstill.serving.judge import Judge, TooLongError, Verdict
from potstill.serving.limits import Limits
from potstill.serving.refusals import RefusalError
from potstill.serving.strict import while_wanted

log = logging.getLogger(__name__)


@dataclass
class Serving:
    """What the routes of one server share. `judge` is None while the bundle is being opened."""

    limits: Limits
    categories: dict[str, str]
    """For a label, what it is called in protocols that have categories of their own."""
    judge: Judge | None = None
    draining: bool = False
    failure: Exception | None = None
    """Why there will be no answers: the bundle did not open, or the queue broke."""
    stop: Callable[[], None] = lambda: None
    """Ends the server."""

    def is_hung(self) -> bool:
        """Whether the engine has been at one batch for too long."""
        return self.judge is not None and self.judge.gatherer.busy_for() > self.limits.hang_seconds


def serving_of(request: Request) -> Serving:
    """What this server shares."""
    return cast(Serving, request.app.state.serving)


def judge_of(request: Request) -> Judge:
    """The bundle. Raises RefusalError 503 while it is being opened."""
    judge = serving_of(request).judge
    if judge is None:
        raise RefusalError(503, "the model is being loaded", retry_after=1)
    return judge


async def verdicts(request: Request, texts: Sequence[str]) -> list[Verdict]:
    """The verdict on each text, while the client waits for it.

    Raises:
        RefusalError: 413 for too many tokens, 429 for a full queue, 503 while loading and where the engine fails, 504
            after too long a time.
    """
    judge, limits = judge_of(request), serving_of(request).limits
    if any(len(text) > limits.text_characters for text in texts):
        raise RefusalError(413, f"a text has more than {limits.text_characters:,} characters")
    try:
        return await while_wanted(request, judge.judge(texts), limits.request_seconds)
    except TooLongError as error:
        raise RefusalError(413, str(error)) from None
    except BusyError as error:
        raise RefusalError(429, "too much is waiting", retry_after=error.retry_after) from None
    except RefusalError:
        raise
    except Exception as error:  # whatever a library raises: the next batch may well succeed
        log.error("the engine failed: %s", type(error).__name__)
        raise RefusalError(503, "the engine failed", retry_after=1) from None
