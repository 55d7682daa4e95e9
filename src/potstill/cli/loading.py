"""What a command loads before it works, which takes seconds where torch is among it."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

PATIENCE = 20_000
"""New objects before Python looks for garbage. Modules leave hardly any: at its usual 700 a third of the time in which
torch and transformers are loaded goes into looking."""


@contextmanager
def loading(doing: str = "loading") -> Generator[None]:
    """The time in which a command imports what it needs, or works without a word: a terminal shows that it does."""
    from rich.console import Console

    from potstill.study.progress import Display

    usual = gc.get_threshold()
    gc.set_threshold(PATIENCE, *usual[1:])
    try:
        with Display(Console(stderr=True), doing).open():
            yield
    finally:
        gc.set_threshold(*usual)
