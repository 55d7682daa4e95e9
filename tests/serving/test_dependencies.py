import asyncio
import json

import pytest
from bundles import TinyBundle
from live_app import HeldEngine, ask, play

from potstill.serving.limits import Limits
from potstill.serving.request_guard import RequestGuard


def test_a_text_that_the_engine_fails_on_is_500_and_never_to_be_tried_again(tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        held.broken = True
        status, headers, body = await ask(app, "/v1/moderations", {"input": "a"})
        assert (status, "retry-after" in headers) == (500, False)
        assert "secret" not in body
        assert json.loads(body)["error"]["type"] == "server_error"
        held.broken = False
        assert (await ask(app, "/v1/moderations", {"input": "a"}))[0] == 200

    play(tiny_bundle, Limits(), scene)


def test_those_who_share_a_batch_with_a_text_that_fails_are_answered(tiny_bundle: TinyBundle) -> None:
    """The guilty request alone gets an error, and is not told to come again with the same text."""

    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        reader = next(iter(app.state.models.values())).bundle.model.reader
        held.fails_on = reader.read(["fool"]).rows[0][1]
        held.go.clear()
        first = asyncio.create_task(ask(app, "/score", {"texts": ["the engine is busy"]}))
        await asyncio.sleep(0.1)
        texts = [["a"], ["b", "thanks"], ["you are a fool"], ["c"], ["good", "fool", "d"]]
        asked = [asyncio.create_task(ask(app, "/score", {"texts": each})) for each in texts]
        await asyncio.sleep(0.1)
        held.go.set()
        answers = await asyncio.gather(first, *asked)
        assert [status for status, _, _ in answers] == [200, 200, 200, 500, 200, 500]
        assert not any("retry-after" in headers for _, headers, _ in answers)
        assert len(json.loads(answers[2][2])["results"]) == 2

    play(tiny_bundle, Limits(), scene)


def test_a_request_has_a_deadline(tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        held.go.clear()
        status, _, body = await ask(app, "/predict", {"inputs": "a"})
        assert (status, json.loads(body)["error_type"]) == (504, "timeout")

    play(tiny_bundle, Limits(request_seconds=0.1), scene)


def test_a_client_that_leaves_is_not_computed(tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
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
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        assert (await ask(app, "/score", {"texts": texts}))[0] == 413

    play(tiny_bundle, Limits(text_characters=200_000), scene)
