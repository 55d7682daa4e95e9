"""The errors that an operation sends, for its OpenAPI description."""

from collections.abc import Container
from typing import Any, cast

from potstill.serving.errors import Shape, google_shape

_REASONS = {
    400: "The body is not JSON or not as it should be, or the host is not allowed",
    401: "A key is needed",
    408: "The body did not arrive in time",
    413: "Too large",
    415: "Not application/json, or with a Content-Encoding",
    422: "The body is not as it should be",
    429: "Too much is waiting; Retry-After says when to try again",
    500: "The model fails on this request, and would fail again",
    503: "Not ready; Retry-After says when to try again",
    504: "No answer in time",
}


def error_responses(
    shape: Shape, *, invalid: int = 422, only: Container[int] = _REASONS
) -> dict[int | str, dict[str, Any]]:
    """Every error of an operation whose errors have this shape and which answers `invalid` to a wrong body."""
    codes = [code for code in _REASONS if code in only and (code != 422 or invalid == 422)]
    return {code: _description(code, shape) for code in codes}


def _description(code: int, shape: Shape) -> dict[str, Any]:
    description: dict[str, Any] = {
        "description": _REASONS[code],
        "content": {"application/json": {"schema": _schema(shape(code, "message"))}},
    }
    if shape is google_shape and code == 400:
        error = description["content"]["application/json"]["schema"]["properties"]["error"]
        error["properties"]["details"] = {"type": "array", "items": {"type": "object"}}
    if code in (429, 503):
        description["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return description


def _schema(example: Any) -> dict[str, Any]:
    """The schema of an error body, read off one."""
    if isinstance(example, dict):
        properties = {key: _schema(value) for key, value in cast(dict[str, Any], example).items()}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": {str: "string", int: "integer", type(None): "null"}[type(example)]}
