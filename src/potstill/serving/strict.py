"""JSON as a server must read it: no NaN, no deep nesting, and errors that do not repeat what was sent."""

import asyncio
import json
import re
from collections.abc import Callable, Collection, Coroutine, Generator, Mapping, Sequence
from typing import Any, Never, TypeVar, cast

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from potstill.serving.refusals import RefusalError

DEEPEST = 32
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
"""A string, whose brackets do not count, or a bracket. A string that is never closed is one too: else each quote in it
would be tried as the beginning of another, and a megabyte of them would hold the server for hours."""
Found = TypeVar("Found")


class StrictRequest(Request):
    """A request whose body is JSON in the narrow sense."""

    async def json(self) -> Any:
        """The body. Raises RefusalError for what is no JSON."""
        try:
            text = (await self.body()).decode("utf-8")
        except UnicodeDecodeError:
            raise RefusalError(400, "the body is not UTF-8") from None
        if _depth(text) > DEEPEST:
            raise RefusalError(400, f"the body is nested more than {DEEPEST} deep")
        try:
            return json.loads(text, parse_constant=_no_constant)
        except ValueError:
            raise RefusalError(400, "the body is no JSON") from None


class StrictRoute(APIRoute):
    """A route that reads its body so, and only where it says that it is JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI asks for it."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if request.method == "POST" and kind != "application/json":
                raise RefusalError(415, "the body must be application/json")
            return await inner(StrictRequest(request.scope, request.receive))

        return handler


def explain(error: RequestValidationError, known: Collection[str]) -> str:
    """What is wrong with a body, in one line; where and why, never what was sent: a key that is none of the `known`
    names is no place that can be named."""
    made_up = set(_keys(error.body)) - set(known)
    lines = [f"{_place(one['loc'][1:], made_up)}: {_why(one)}" for one in error.errors()]
    return "; ".join(dict.fromkeys(lines))[:500]


def _place(parts: Sequence[int | str], made_up: Collection[str]) -> str:
    return ".".join("(a key)" if part in made_up else str(part) for part in parts) or "the body"


def _keys(body: Any) -> Generator[str]:
    """All keys of a JSON value, which is not deep."""
    inner: list[Any] = []
    if isinstance(body, dict):
        found = cast(dict[str, Any], body)
        yield from found
        inner = list(found.values())
    elif isinstance(body, list):
        inner = cast(list[Any], body)
    for item in inner:
        yield from _keys(item)


def _why(found: Mapping[str, Any]) -> str:
    return "is of no known type" if found["type"] == "union_tag_invalid" else found["msg"]


async def while_wanted(request: Request, work: Coroutine[Any, Any, Found], seconds: float) -> Found:
    """What `work` gives, unless the client leaves or the time runs out first; `work` is then cancelled.

    Raises:
        RefusalError: 499 (nobody will read it) or 504.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_has_left(request))
    try:
        done, _ = await asyncio.wait({working, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if working in done:
            return working.result()
        raise RefusalError(499, "the client has left") if done else RefusalError(504, f"no answer within {seconds:g} s")
    finally:
        working.cancel()
        leaving.cancel()


async def _has_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _depth(text: str) -> int:
    """How deep brackets stand in each other, outside of strings."""
    deepest = depth = 0
    if text.count("[") + text.count("{") > DEEPEST:
        for found in _BRACKET.finditer(text):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
            deepest = max(deepest, depth)
    return deepest


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")
