"""Why a request is refused, in the shape that its protocol has for errors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import HTTPException
from fastapi.responses import JSONResponse


class RequestError(HTTPException):
    """A request that is refused or fails. `message` never repeats what was sent.

    An HTTPException, because FastAPI turns any other error that reading a body raises into a 400 of its own.
    """

    def __init__(
        self, status: int, message: str, *, retry_after: int | None = None, details: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(status, message, None if retry_after is None else {"Retry-After": str(retry_after)})
        self.details = list(details)
        """What a program can tell the error by, in the one shape that has room for it, Google's."""


def queue_full(retry_after: int) -> RequestError:
    """The error of a full queue; `retry_after` is in seconds."""
    return RequestError(429, "too much is waiting", retry_after=retry_after)


Shape = Callable[[int, str], dict[str, Any]]
"""The body of an error, of its status and message."""
_GOOGLE = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 405: "UNIMPLEMENTED", 408: "DEADLINE_EXCEEDED",
    413: "INVALID_ARGUMENT", 415: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
    503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_INFERENCE = {429: "overloaded", 500: "backend", 503: "unhealthy", 504: "timeout"}
_OPENAI = {
    401: "authentication_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "server_error",
    504: "server_error",
}


def own_shape(status: int, message: str) -> dict[str, Any]:
    """Our own."""
    return {"error": {"status": status, "message": message}}


def inference_shape(status: int, message: str) -> dict[str, Any]:
    """As text-embeddings-inference has it."""
    return {"error": message, "error_type": _INFERENCE.get(status, "validation")}


def openai_shape(status: int, message: str) -> dict[str, Any]:
    """As OpenAI has it."""
    kind = _OPENAI.get(status, "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def google_shape(status: int, message: str) -> dict[str, Any]:
    """As Google's APIs have it."""
    return {"error": {"code": status, "message": message, "status": _GOOGLE.get(status, "UNKNOWN")}}


def shape_of(path: str) -> Shape:
    """The shape that a client of this path expects."""
    if path.startswith("/v1alpha1/"):
        return google_shape
    if path.startswith("/v1/"):
        return openai_shape
    return inference_shape if path == "/predict" else own_shape


def error_response(
    path: str, status: int, message: str, headers: Mapping[str, str] | None = None,
    details: Sequence[Mapping[str, Any]] = (),
) -> JSONResponse:  # fmt: skip
    """The answer to a request of `path` that is refused."""
    shape = shape_of(path)
    body = shape(status, message)
    if details and shape is google_shape:
        body["error"]["details"] = details
    return JSONResponse(body, status, headers)
