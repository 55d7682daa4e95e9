"""The server as an ASGI application."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain, count
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

import potstill
from potstill.inference.bundle import BundlePredictor
from potstill.inference.engine import NEEDS
from potstill.serving import health, models, pages
from potstill.serving.asking import Serving
from potstill.serving.dialects import embeddings_inference, openai, own, perspective
from potstill.serving.gather import Gatherer, step_back
from potstill.serving.guard import Guard
from potstill.serving.judge import Judge
from potstill.serving.limits import Limits
from potstill.serving.refusals import response
from potstill.serving.strict import explain

log = logging.getLogger(__name__)

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ROUTERS = (
    own.router, embeddings_inference.router, openai.router, perspective.router, models.router, health.router,
    pages.router,
)  # fmt: skip
QUEUED = {
    route.path for router in ROUTERS for route in router.routes
    if isinstance(route, APIRoute) and "POST" in (route.methods or ())
}  # fmt: skip
"""Paths whose answers an engine computes."""
BATCH_TOKENS = 2048
MEASURED_PROBES = 8
INVALID_IS_400 = ("/v1/", "/v1alpha1/")
"""Protocols whose servers call a wrong body 400, not 422."""


def build_app(
    openings: Sequence[Callable[[], BundlePredictor]],
    *,
    limits: Limits | None = None,
    hosts: Sequence[str] = LOOPBACK,
    key: str | None = None,
    categories: dict[str, str] | None = None,
) -> Guard:
    """The application; `openings` open the bundles, in a thread, while requests are told to wait."""
    serving = Serving(limits or Limits(), categories or {})
    app = FastAPI(
        title="potstill", version=potstill.__version__, docs_url=None, redoc_url=None, lifespan=partial(_life, openings)
    )
    app.state.serving = serving
    app.state.metrics = health.Metrics(serving)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", pages.static)
    app.openapi = partial(_described, app, app.openapi)
    schemas = app.openapi()["components"]["schemas"].values()
    app.state.names = frozenset(name for schema in schemas for name in schema.get("properties", {}))
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    return Guard(app, serving, hosts=hosts, key=key, observe=app.state.metrics.observe, queued=QUEUED)


def _described(app: FastAPI, describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI description of this very server: without the code 422 where a wrong body is 400 (FastAPI adds it
    everywhere), and with the names of the models and attributes that there are."""
    app.openapi_schema = None
    described = describe()
    for path, operations in described["paths"].items():
        if path.startswith(INVALID_IS_400):
            operations["post"]["responses"].pop("422", None)
    judges: dict[str, Judge] = app.state.serving.judges
    if judges:
        schemas = described["components"]["schemas"]
        attributes = list(perspective.attributes(next(iter(judges.values()))))
        schemas["AnalyzeRequest"]["properties"]["requestedAttributes"]["propertyNames"] = {"enum": attributes}
        for request in ("ScoreRequest", "ExplainRequest"):
            schemas[request]["properties"]["model"]["enum"] = [*judges, None]
    return described


@asynccontextmanager
async def _life(openings: Sequence[Callable[[], BundlePredictor]], app: FastAPI) -> AsyncGenerator[None]:
    working = asyncio.create_task(_load(openings, app.state.serving))
    yield
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def _load(openings: Sequence[Callable[[], BundlePredictor]], serving: Serving) -> None:
    """Open the bundles and compute until cancelled; where that fails, the server ends."""
    try:
        judges: dict[str, Judge] = {}
        # A thread of its own: an engine's threads have the priority of the thread that opens it.
        with ThreadPoolExecutor(1, initializer=step_back) as pool:
            for opening in openings:
                judge = await _judge(opening, pool, judges.keys(), serving)
                judges[judge.name] = judge
            serving.judges = judges
            working = [judge.gatherer.work() for judge in judges.values()]
            await asyncio.gather(*working, _prepare(judges.values(), pool))
    except Exception as error:
        serving.failure = error
        serving.stop()


async def _prepare(judges: Iterable[Judge], pool: ThreadPoolExecutor) -> None:
    """Open what answers many texts at a time: after the start, which it would delay, and before the first crowd."""
    for judge in judges:
        if several := judge.bundle.model.several:
            await asyncio.get_running_loop().run_in_executor(pool, several.open)


async def _judge(
    opening: Callable[[], BundlePredictor], pool: ThreadPoolExecutor, taken: Collection[str], serving: Serving
) -> Judge:
    """Open a bundle and measure how much may wait for it."""
    loop = asyncio.get_running_loop()
    bundle = await loop.run_in_executor(pool, opening)
    if NEEDS[bundle.engine_name] == "openvino":
        # It keeps a megabyte and a half for each shape in each stream: too much for a tenth more speed.
        bundle.model = bundle.model.alone()
        bundle.model.several = None
    speed = await loop.run_in_executor(pool, _tokens_per_second, bundle)
    seconds = serving.limits.waiting_seconds
    batch = min(BATCH_TOKENS, int(seconds * speed / 2))
    gatherer = Gatherer(bundle.model.of_rows, seconds=seconds, tokens_per_second=speed, batch_tokens=max(1, batch))
    name = bundle.info.name
    unique = next(one for one in chain([name], (f"{name}-{n}" for n in count(2))) if one not in taken)
    log.info("%s is ready on %s, %.0f tokens a second", unique, bundle.engine_name, speed)
    return Judge(unique, bundle, gatherer, most_tokens=serving.limits.tokens)


def _tokens_per_second(bundle: BundlePredictor) -> float:
    """How fast the engine is at some of the bundle's probes: few, because the server is waited for meanwhile."""
    rows = bundle.model.reader.read(bundle.info.probes.texts[:MEASURED_PROBES]).rows
    bundle.model.of_rows(rows[:1])
    started = time.perf_counter()
    bundle.model.of_rows(rows)
    return sum(len(row) for row in rows) / (time.perf_counter() - started)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return response(request.url.path, error.status_code, error.detail, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    status = 400 if request.url.path.startswith(INVALID_IS_400) else 422
    return response(request.url.path, status, explain(error, request.app.state.names))
