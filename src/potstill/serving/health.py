"""Whether the server lives, whether it is ready, and what it has done."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from potstill.serving.access_log import AccessLog
from potstill.serving.dependencies import state_of
from potstill.serving.state import ServerState

router = APIRouter(tags=["health"])
_TEXT: dict[str, Any] = {"content": {"text/plain": {"schema": {"type": "string"}}}}
_STATE: dict[int | str, dict[str, Any]] = {200: _TEXT}
_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"description": "Loading, draining or hung", **_TEXT}}


class Metrics:
    """The figures of one server, in a registry of its own."""

    def __init__(self, server: ServerState, log: AccessLog | None = None) -> None:
        self.registry = CollectorRegistry()
        to = self.registry
        self.requests = Counter("potstill_requests", "Answers, by route and code", ("route", "code"), registry=to)
        self.seconds = Histogram("potstill_request_seconds", "From request to answer", ("route",), registry=to)
        waiting = Gauge("potstill_waiting_tokens", "Tokens that wait or are being computed", registry=to)
        waiting.set_function(server.waiting_tokens)
        in_flight = Gauge("potstill_in_flight", "Requests that are not answered yet, this one too", registry=to)
        in_flight.set_function(lambda: server.in_flight)
        reloads = Gauge("potstill_reloads", "How often bundles were opened anew, by result", ("result",), registry=to)
        for result in server.reloads:
            reloads.labels(result).set_function(lambda result=result: server.reloads[result])
        if log is not None:
            lost = Gauge("potstill_lost_log_lines", "Lines of the access log that were not written", registry=to)
            lost.set_function(lambda: log.lost)

    def observe(self, route: str, code: int, seconds: float) -> None:
        """Count an answer."""
        self.requests.labels(route, str(code)).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)


@router.get("/livez", response_class=PlainTextResponse, responses=_STATE)
async def livez() -> str:
    """The process answers."""
    return "ok"


@router.get("/readyz", response_class=PlainTextResponse, responses={**_STATE, **_NOT_READY})
async def readyz(request: Request) -> Response:
    """A request would be answered now."""
    server = state_of(request)
    state = (
        "loading" if not server.models
        else "draining" if server.draining
        else "hung" if server.is_hung()
        else "ok"
    )  # fmt: skip
    return PlainTextResponse(state, 200 if state == "ok" else 503)


@router.get("/metrics", response_class=PlainTextResponse, responses=_STATE)
async def metrics(request: Request) -> Response:
    """Counts and times; no text and nothing of a request but its path and code."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)
