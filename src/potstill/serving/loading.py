"""Opening the bundles while the server already answers, and measuring how much may wait for each."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import chain, count

from potstill.inference.bundle import BundlePredictor
from potstill.inference.engine import NEEDS
from potstill.serving.batch_queue import BatchQueue, lower_priority
from potstill.serving.limits import Limits
from potstill.serving.served_model import ServedModel
from potstill.serving.state import ServerState

log = logging.getLogger(__name__)

BATCH_TOKENS = 2048
MEASURED_PROBES = 8
Opening = Callable[[], BundlePredictor]


@asynccontextmanager
async def loaded(openings: Sequence[Opening], state: ServerState) -> AsyncGenerator[None]:
    """The time in which the bundles are opened and answer."""
    working = asyncio.create_task(_load(openings, state))
    yield
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def _load(openings: Sequence[Opening], state: ServerState) -> None:
    """Open the bundles and compute until cancelled; where that fails, the server ends."""
    try:
        models: dict[str, ServedModel] = {}
        # A thread of its own: an engine's threads have the priority of the thread that opens it.
        with ThreadPoolExecutor(1, initializer=lower_priority) as pool:
            for opening in openings:
                model = await _open_model(opening, pool, models.keys(), state.limits)
                models[model.name] = model
            state.models = models
            working = [model.queue.run() for model in models.values()]
            await asyncio.gather(*working, _prepare(models.values(), pool))
    except Exception as error:
        state.failure = error
        state.stop()


async def _prepare(models: Iterable[ServedModel], pool: ThreadPoolExecutor) -> None:
    """Open what answers many texts at a time and what tells languages: after the start, which they would delay, and
    before the first crowd."""
    for model in models:
        await asyncio.get_running_loop().run_in_executor(pool, model.bundle.languages.load)
        if several := model.bundle.model.several:
            await asyncio.get_running_loop().run_in_executor(pool, several.open)


async def _open_model(
    opening: Opening, pool: ThreadPoolExecutor, taken: Collection[str], limits: Limits
) -> ServedModel:
    """Open a bundle, under a name that is not `taken`, and measure how much may wait for it."""
    loop = asyncio.get_running_loop()
    bundle = await loop.run_in_executor(pool, opening)
    if NEEDS[bundle.engine_name] == "openvino":
        # It keeps a megabyte and a half for each shape in each stream: too much for a tenth more speed.
        bundle.model = bundle.model.alone()
        bundle.model.several = None
    speed = await loop.run_in_executor(pool, _tokens_per_second, bundle)
    seconds = limits.waiting_seconds
    batch = min(BATCH_TOKENS, int(seconds * speed / 2))
    queue = BatchQueue(bundle.model.of_rows, seconds=seconds, tokens_per_second=speed, batch_tokens=max(1, batch))
    name = bundle.info.name
    unique = next(free for free in chain([name], (f"{name}-{n}" for n in count(2))) if free not in taken)
    log.info("%s is ready on %s, %.0f tokens a second", unique, bundle.engine_name, speed)
    return ServedModel(unique, bundle, queue, most_tokens=limits.tokens)


def _tokens_per_second(bundle: BundlePredictor) -> float:
    """How fast the engine is at some of the bundle's probes: few, because the server is waited for meanwhile."""
    rows = bundle.model.reader.read(bundle.info.probes.texts[:MEASURED_PROBES]).rows
    bundle.model.of_rows(rows[:1])
    started = time.perf_counter()
    bundle.model.of_rows(rows)
    return sum(len(row) for row in rows) / (time.perf_counter() - started)
