"""The application without a socket, on a real bundle whose engine is held up or broken."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from bundles import TinyBundle
from starlette.types import Message
from tiny import comments

from potstill.domain.measures import Calibration, Threshold
from potstill.domain.predictor import Logits, Prediction
from potstill.domain.task import Task
from potstill.inference.bundle import BundlePredictor, open_bundle
from potstill.serving.app import build_app
from potstill.serving.dialects.openai import moderation_of
from potstill.serving.guard import Guard
from potstill.serving.limits import Limits

Rows = Sequence[Sequence[int]]


class Held:
    """An engine that waits before it answers, and can be told to fail."""

    def __init__(self, bundle: BundlePredictor) -> None:
        self._run = bundle.model.of_rows
        self.go = threading.Event()
        self.go.set()
        self.broken = False
        self.rows = 0

    def __call__(self, rows: Rows) -> Logits:
        self.go.wait(10)
        if self.broken:
            raise RuntimeError("a secret of the library")
        self.rows += len(rows)
        return self._run(rows)


@asynccontextmanager
async def living(app: Guard) -> AsyncGenerator[None]:
    """The application from its start to its end, ready in between."""
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    while not app.serving.judges:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        await told.put({"type": "lifespan.shutdown"})
        await life


async def ask(
    app: Guard, path: str, content: object = None, *, leave: asyncio.Event | None = None, more: bool = False
) -> tuple[int, dict[str, str], str]:
    """One request; the client stays until it is answered, or leaves when `leave` is set. Of a body there may be `more`
    that does not come."""
    body = b"" if content is None else json.dumps(content).encode()
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": more}]
    got: list[Message] = []

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await (leave or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        got.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    method = "GET" if content is None else "POST"
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers, "scheme": "http",
        "server": ("localhost", 80), "client": ("localhost", 1), "root_path": "", "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    told = {name.decode(): value.decode() for name, value in got[0]["headers"]}
    return got[0]["status"], told, b"".join(message.get("body", b"") for message in got[1:]).decode()


def play(bundle: TinyBundle, limits: Limits, scene: Callable[[Guard, Held], Awaitable[None]]) -> None:
    opened = open_bundle(bundle.folder, engine="onnx-fp32", threads=1)
    held = Held(opened)
    opened.model.of_rows = held
    app = build_app([lambda: opened], limits=limits)

    async def all_of_it() -> None:
        async with living(app):
            try:
                await asyncio.wait_for(asyncio.ensure_future(scene(app, held)), 20)
            finally:
                held.go.set()

    asyncio.run(all_of_it())


def test_a_hung_engine_turns_the_server_unready(tiny_bundle: TinyBundle) -> None:
    async def scene(app: Guard, held: Held) -> None:
        assert (await ask(app, "/readyz"))[::2] == (200, "ok")
        held.go.clear()
        waiting = asyncio.create_task(ask(app, "/score", {"texts": ["you fool"]}))
        await asyncio.sleep(0.4)
        assert (await ask(app, "/readyz"))[::2] == (503, "hung")
        assert (await ask(app, "/livez"))[0] == 200
        held.go.set()
        assert (await waiting)[0] == 200
        assert (await ask(app, "/readyz"))[0] == 200

    play(tiny_bundle, Limits(hang_seconds=0.2), scene)


def test_a_broken_engine_is_503_and_says_nothing_of_itself(tiny_bundle: TinyBundle) -> None:
    async def scene(app: Guard, held: Held) -> None:
        held.broken = True
        status, headers, body = await ask(app, "/v1/moderations", {"input": "a"})
        assert (status, headers["retry-after"]) == (503, "1")
        assert "secret" not in body
        assert json.loads(body)["error"]["type"] == "server_error"
        held.broken = False
        assert (await ask(app, "/v1/moderations", {"input": "a"}))[0] == 200

    play(tiny_bundle, Limits(), scene)


def test_a_request_has_a_deadline(tiny_bundle: TinyBundle) -> None:
    async def scene(app: Guard, held: Held) -> None:
        held.go.clear()
        status, _, body = await ask(app, "/predict", {"inputs": "a"})
        assert (status, json.loads(body)["error_type"]) == (504, "timeout")

    play(tiny_bundle, Limits(request_seconds=0.1), scene)


def test_a_full_queue_is_429_at_once(tiny_bundle: TinyBundle) -> None:
    async def scene(app: Guard, held: Held) -> None:
        held.go.clear()
        texts = {"texts": ["you are a fool"] * 256}
        waiting = [asyncio.create_task(ask(app, "/score", texts)) for _ in range(40)]
        done, _ = await asyncio.wait(waiting, timeout=1)
        refused = [task.result() for task in done]
        assert refused, "some found no room"
        assert {(status, headers["retry-after"].isdigit()) for status, headers, _ in refused} == {(429, True)}
        status, headers, body = await ask(app, "/predict", "unread")
        assert (status, json.loads(body)["error_type"]) == (429, "overloaded"), "at the door, before it is read"
        assert headers["retry-after"].isdigit()
        assert (await ask(app, "/models"))[0] == 200
        assert 'code="429",route="/predict"' in (await ask(app, "/metrics"))[2]
        held.go.set()
        assert {(await task)[0] for task in waiting} == {200, 429}
        assert (await ask(app, "/predict", "unread"))[0] == 422

    # A tenth of a millisecond's work may wait: the least that a queue has, one batch.
    play(tiny_bundle, Limits(waiting_seconds=1e-4), scene)


def test_a_client_that_leaves_is_not_computed(tiny_bundle: TinyBundle) -> None:
    async def scene(app: Guard, held: Held) -> None:
        held.go.clear()
        first = asyncio.create_task(ask(app, "/score", {"texts": ["a"]}))
        await asyncio.sleep(0.1)
        leave = asyncio.Event()
        leaving = asyncio.create_task(ask(app, "/score", {"texts": ["b"] * 50}, leave=leave))
        await asyncio.sleep(0.1)
        before = held.rows
        leave.set()
        await leaving
        held.go.set()
        assert (await first)[0] == 200
        assert held.rows == before + 1

    play(tiny_bundle, Limits(), scene)


@pytest.mark.parametrize("texts", [["a " * 20_000] * 2, ["a" * 300_000]])
def test_too_much_is_413(tiny_bundle: TinyBundle, texts: list[str]) -> None:
    async def scene(app: Guard, held: Held) -> None:
        assert (await ask(app, "/score", {"texts": texts}))[0] == 413

    play(tiny_bundle, Limits(text_characters=200_000), scene)


def test_the_bundle_s_own_decision_is_served(tiny_bundle: TinyBundle) -> None:
    async def scene(app: Guard, held: Held) -> None:
        bundle, asked = next(iter(app.serving.judges.values())).bundle, {"texts": [comments(1)[0][0]]}
        before = json.loads((await ask(app, "/score", asked))[2])["results"][0]
        cold = Calibration(temperature=4.0, threshold=Threshold(value=1.0, rule="", precision=1, recall=1))
        bundle.info = bundle.info.model_copy(update={"calibration": cold})
        after = json.loads((await ask(app, "/score", asked))[2])["results"][0]
        assert (before["label"], after["label"], after["flagged"]) == ("toxic", "fine", False)
        odds = [np.log(one["score"] / (1 - one["score"])) for one in (before, after)]
        assert odds[1] == pytest.approx(odds[0] / 4, rel=1e-2)

    play(tiny_bundle, Limits(), scene)


def test_a_body_that_does_not_come_is_408(tiny_bundle: TinyBundle) -> None:
    async def scene(app: Guard, held: Held) -> None:
        assert (await ask(app, "/predict", {"inputs": "a"}, more=True))[0] == 408

    play(tiny_bundle, Limits(body_seconds=0.1), scene)


def test_too_many_at_a_time_are_503(tiny_bundle: TinyBundle) -> None:
    async def scene(app: Guard, held: Held) -> None:
        assert (await ask(app, "/score", {"texts": ["a"]}))[0] == 503

    play(tiny_bundle, Limits(connections=0), scene)


def test_labels_of_one_category_are_taken_together() -> None:
    each = Task(labels=("threat", "insult", "spam"), multilabel=True)
    named = {"threat": "harassment", "insult": "harassment"}
    verdict = Prediction("threat", ("threat",), 0.9, 0.9, True, (0.9, 0.2, 0.1))
    found = moderation_of(verdict, named, each)
    assert (found.flagged, found.categories, found.category_scores) == (True, {"harassment": True}, {"harassment": 0.9})
    one = Task(labels=("hate", "offensive", "neither"))
    named = {"hate": "hate", "offensive": "hate"}
    found = moderation_of(Prediction("hate", ("hate",), 0.5, 0.5, None, (0.5, 0.4, 0.1)), named, one)
    assert found.categories == {"hate": True}
    assert found.category_scores == {"hate": pytest.approx(0.9)}
