"""Opening the bundles while the server already answers, measuring how much may wait for each, and opening them anew
when the server is told to."""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain, count
from typing import cast

from potstill.domain.errors import PotstillError
from potstill.inference.bundle import BundlePredictor
from potstill.inference.engine import NEEDS
from potstill.serving.batch_queue import BatchQueue, lower_priority
from potstill.serving.categories import check_categories
from potstill.serving.limits import Limits
from potstill.serving.served_model import ServedModel
from potstill.serving.state import ServerState
from potstill.serving.workers import Workers

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
        async with asyncio.TaskGroup() as group:
            state.models = await _open_all(openings, state, group)
            state.opened()
            while True:
                await state.reload.wait()
                state.reload.clear()
                await _reload(openings, state, group)
    except* Exception as errors:
        state.failure = next(_leaves(errors))
        state.stop()


def _leaves(errors: BaseException) -> Iterator[Exception]:
    """The errors of a group, without the groups around them."""
    if isinstance(errors, BaseExceptionGroup):
        for error in cast(BaseExceptionGroup[Exception], errors).exceptions:
            yield from _leaves(error)
    elif isinstance(errors, Exception):
        yield errors


async def _open_all(
    openings: Sequence[Opening], state: ServerState, group: asyncio.TaskGroup
) -> dict[str, ServedModel]:
    """Open the bundles, by names of which none is given twice, and let them compute in tasks of the group.

    Raises:
        PotstillError: a bundle does not open, or the first lacks a label that has a category.
    """
    models: dict[str, ServedModel] = {}
    # A thread of its own: an engine's threads have the priority of the thread that opens it.
    opener = Workers(1, "opener", start=lower_priority)
    for opening in openings:
        model = await _open_model(opening, opener, models.keys(), state.limits)
        models[model.name] = model
    check_categories(state.categories, next(iter(models.values())).bundle.info.task)
    _exempt_from_collection()
    for model in models.values():
        model.computing = group.create_task(model.queue.run())
    group.create_task(_prepare(models.values(), opener))
    return models


async def _reload(openings: Sequence[Opening], state: ServerState, group: asyncio.TaskGroup) -> None:
    """Open the bundles anew and let them answer from the next request on; where they do not open, nothing changes."""
    former = state.models
    try:
        await state.trial()
        state.models = await _open_all(openings, state, group)
    except PotstillError as error:
        state.reloads["failed"] += 1
        log.warning("nothing is replaced, the former bundle goes on answering: %s", error)
        return
    state.reloads["done"] += 1
    names = [f"{name} ({its.bundle.digest[:12]})" for name, its in state.models.items()]
    log.warning("opened anew, and answering from now on: %s", ", ".join(names))
    group.create_task(_retire(former.values(), state.limits))


async def _retire(models: Iterable[ServedModel], limits: Limits) -> None:
    """Let models go once no request can have them any more."""
    await asyncio.sleep(limits.request_seconds + limits.body_seconds)
    for model in models:
        model.close()


def _exempt_from_collection() -> None:
    """Keep Python from looking for garbage among what stays as long as the server: a few hundred thousand objects, a
    tenth of a second in which nobody is answered."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def _prepare(models: Iterable[ServedModel], opener: Workers) -> None:
    """Open what answers many texts at a time and what tells languages: after the start, which they would delay, and
    before the first crowd."""
    for model in models:
        await opener.run(model.bundle.languages.load)
        if several := model.bundle.model.several:
            await opener.run(several.open)
    opener.close()


async def _open_model(opening: Opening, opener: Workers, taken: Collection[str], limits: Limits) -> ServedModel:
    """Open a bundle, under a name that is not `taken`, and measure how much may wait for it."""
    bundle = await opener.run(opening)
    if NEEDS[bundle.engine_name] == "openvino":
        # It keeps a megabyte and a half for each shape in each stream: too much for a tenth more speed.
        bundle.model = bundle.model.alone()
        bundle.model.several = None
    speed = await opener.run(_tokens_per_second, bundle)
    queue = BatchQueue(
        bundle.model.of_rows, seconds=limits.waiting_seconds, tokens_per_second=speed, batch_tokens=BATCH_TOKENS
    )
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
