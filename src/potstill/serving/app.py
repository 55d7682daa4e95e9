"""The server as an ASGI application."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

import potstill
from potstill.serving import health, models, pages
from potstill.serving.access import AccessRules
from potstill.serving.access_log import AccessLog
from potstill.serving.errors import RequestError, error_response
from potstill.serving.limits import Limits
from potstill.serving.loading import Opening, loaded
from potstill.serving.protocols import embeddings_inference, openai, own, perspective
from potstill.serving.request_guard import RequestGuard
from potstill.serving.state import ServerState
from potstill.serving.strict_json import validation_message

THIS_MACHINE = AccessRules()
ROUTERS = (
    own.router, embeddings_inference.router, openai.router, perspective.router, models.router, health.router,
    pages.router,
)  # fmt: skip
QUEUED = {
    route.path for router in ROUTERS for route in router.routes
    if isinstance(route, APIRoute) and "POST" in (route.methods or ())
}  # fmt: skip
"""Paths whose answers an engine computes."""
INVALID_IS_400 = ("/v1/", "/v1alpha1/")
"""Protocols whose servers call a wrong body 400, not 422."""


def build_app(
    openings: Sequence[Opening],
    *,
    limits: Limits | None = None,
    rules: AccessRules = THIS_MACHINE,
    categories: dict[str, str] | None = None,
    root_path: str = "",
    log: AccessLog | None = None,
) -> RequestGuard:
    """The application; `openings` open the bundles, in a thread, while requests are told to wait."""
    state = ServerState(limits or Limits(), categories or {})
    app = FastAPI(
        title="potstill", version=potstill.__version__, docs_url=None, redoc_url=None,
        lifespan=partial(_lifespan, openings),
    )  # fmt: skip
    app.state.server = state
    app.state.metrics = health.Metrics(state, log)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", pages.static)
    app.openapi = partial(_openapi, app, app.openapi)
    schemas = app.openapi()["components"]["schemas"].values()
    app.state.names = frozenset(name for schema in schemas for name in schema.get("properties", {}))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_body)
    return RequestGuard(
        app, state, rules, observe=app.state.metrics.observe, queued=QUEUED, root_path=root_path, log=log
    )


def _openapi(app: FastAPI, describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI description of this very server: without the code 422 where a wrong body is 400 (FastAPI adds it
    everywhere), and with the names of the models and attributes that there are."""
    app.openapi_schema = None
    description = describe()
    for path, operations in description["paths"].items():
        if path.startswith(INVALID_IS_400):
            operations["post"]["responses"].pop("422", None)
    state: ServerState = app.state.server
    if state.models:
        schemas = description["components"]["schemas"]
        attributes = list(perspective.attributes(next(iter(state.models.values()))))
        schemas["AnalyzeRequest"]["properties"]["requestedAttributes"]["propertyNames"] = {"enum": attributes}
        for request in ("ScoreRequest", "ExplainRequest"):
            schemas[request]["properties"]["model"]["enum"] = [*state.models, None]
    return description


@asynccontextmanager
async def _lifespan(openings: Sequence[Opening], app: FastAPI) -> AsyncGenerator[None]:
    async with loaded(openings, app.state.server):
        yield


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    details = error.details if isinstance(error, RequestError) else ()
    return error_response(_path(request), error.status_code, error.detail, error.headers, details)


async def _invalid_body(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    path = _path(request)
    status = 400 if path.startswith(INVALID_IS_400) else 422
    return error_response(path, status, validation_message(error, request.app.state.names))


def _path(request: Request) -> str:
    """The path below the root path."""
    return request.scope["path"].removeprefix(request.scope["root_path"])
