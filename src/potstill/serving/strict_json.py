"""JSON as a server must read it: no NaN, not too much of it, and errors that do not repeat what was sent."""

import json
from collections.abc import Callable, Collection, Coroutine, Generator, Mapping, Sequence
from typing import Any, Never, cast

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from potstill.serving.errors import RequestError
from potstill.serving.json_bounds import check_bounds


class StrictRequest(Request):
    """A request whose body is JSON in the narrow sense."""

    async def json(self) -> Any:
        """The body. Raises RequestError for what is not JSON."""
        body = await self.body()
        check_bounds(body)
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise RequestError(400, "the body is not UTF-8") from None
        try:
            return json.loads(text, parse_constant=_no_constant)
        except ValueError:
            raise RequestError(400, "the body is not JSON") from None


class StrictRoute(APIRoute):
    """A route that reads its body so, and only where it says that it is JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI asks for it."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if request.method == "POST" and kind != "application/json":
                raise RequestError(415, "the body must be application/json")
            return await inner(StrictRequest(request.scope, request.receive))

        return handler


def validation_message(error: RequestValidationError, known: Collection[str]) -> str:
    """What is wrong with a body, in one line; where and why, never what was sent: a key that is none of the `known`
    names is not repeated either."""
    made_up = set(_keys(error.body)) - set(known)
    lines = [f"{_place(fault['loc'][1:], made_up)}: {_why(fault)}" for fault in error.errors()]
    return "; ".join(dict.fromkeys(lines))[:500]


def _place(parts: Sequence[int | str], made_up: Collection[str]) -> str:
    return ".".join("(a key)" if part in made_up else str(part) for part in parts) or "the body"


def _keys(body: Any) -> Generator[str]:
    """All keys of a JSON value, which is not deep."""
    inner: list[Any] = []
    if isinstance(body, dict):
        content = cast(dict[str, Any], body)
        yield from content
        inner = list(content.values())
    elif isinstance(body, list):
        inner = cast(list[Any], body)
    for item in inner:
        yield from _keys(item)


def _why(fault: Mapping[str, Any]) -> str:
    return "is of no known type" if fault["type"] == "union_tag_invalid" else fault["msg"]


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")
