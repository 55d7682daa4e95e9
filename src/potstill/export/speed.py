"""How fast engines are on this machine, compared fairly."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import TypeVar

ROUNDS = 5
Name = TypeVar("Name", bound=str)


def texts_per_second(
    models: Mapping[Name, Callable[[Sequence[str]], object]], texts: Sequence[str], rounds: int = ROUNDS
) -> dict[Name, float]:
    """Texts a second of each, tokenisation included: medians over rounds in which each has its turn.

    In turns, because other work on the machine slows whoever runs just then.
    """
    for model in models.values():
        model(texts)
    seconds: dict[Name, list[float]] = {name: [] for name in models}
    for _ in range(rounds):
        for name, model in models.items():
            started = perf_counter()
            model(texts)
            seconds[name].append(perf_counter() - started)
    return {name: len(texts) / median(took) for name, took in seconds.items()}
