"""What is too much is refused before it is parsed, in little time, and no request that a protocol allows is."""

import asyncio
import json
import time

import pytest
from bundles import TinyBundle
from hostile_bodies import hostile_bodies
from live_app import HeldEngine, ask, play
from sent_texts import PATHS

from potstill.serving.errors import RequestError
from potstill.serving.json_bounds import DEEPEST, MOST_VALUES, check_bounds
from potstill.serving.limits import MOST_TEXTS, Limits
from potstill.serving.request_guard import RequestGuard

LOOP_SECONDS = 0.1
"""Of processor, for the thread of the event loop: twice what the slowest takes on a machine with other work."""
LARGEST = [
    {"texts": ["a, [b]"] * MOST_TEXTS, "model": "m"},
    {"inputs": [["{a}"]] * MOST_TEXTS},
    {"input": [{"type": "text", "text": "[,]"}] * MOST_TEXTS},
    {"input": [{"type": "image_url", "image_url": {"url": "data:,"}}] * MOST_TEXTS},
    {
        "comment": {"text": "a"},
        "requestedAttributes": {f"A{n}": {"scoreType": "PROBABILITY", "scoreThreshold": 0} for n in range(64)},
        "languages": ["en"] * 64,
        "context": {"entries": [{"text": "a", "type": "PLAIN_TEXT"}] * 50},
    },
]


@pytest.mark.parametrize("content", LARGEST, ids=lambda content: next(iter(content)))
def test_the_largest_request_of_each_protocol_passes(content: object) -> None:
    check_bounds(json.dumps(content).encode())


def test_values_and_depth_are_counted_outside_of_strings() -> None:
    check_bounds(b"[" + b",".join([b"1"] * MOST_VALUES) + b"]")
    with pytest.raises(RequestError, match=r"more than 2,048 values"):
        check_bounds(b"[" + b",".join([b"1"] * (MOST_VALUES + 1)) + b"]")
    with pytest.raises(RequestError, match="values"):
        check_bounds(b'""' * 10_000)
    check_bounds(json.dumps('[{,"\\' * 10_000).encode())
    check_bounds(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(RequestError, match="nested more than 32 deep"):
        check_bounds(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))


@pytest.mark.parametrize("path", PATHS)
def test_no_body_holds_the_event_loop(path: str, tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        for name, body in hostile_bodies(path).items():
            await asyncio.sleep(0)
            started = time.thread_time()
            status, _, _ = await ask(app, path, body)
            assert time.thread_time() - started < LOOP_SECONDS, name
            assert status in (200, 400, 413, 422), name

    play(tiny_bundle, Limits(), scene)
