"""What the routes of one server share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from potstill.serving.limits import Limits
from potstill.serving.served_model import ServedModel


async def no_trial() -> None:
    """Trust that what is opened again opens."""


@dataclass
class ServerState:
    """What the server holds and how it is. `models` is empty while the bundles are being opened."""

    limits: Limits
    categories: dict[str, str]
    """For a label, what it is called in protocols that have categories of their own."""
    models: dict[str, ServedModel] = field(default_factory=dict[str, ServedModel])
    """By the name that a request may ask for; the first answers a request that names none."""
    in_flight: int = 0
    """Requests that have come and are not answered yet."""
    admitted: int = 0
    """Of these, those that had the key that they need: what fills a server."""
    draining: bool = False
    failure: Exception | None = None
    """Why there will be no answers: a bundle did not open, or a queue broke."""
    stop: Callable[[], None] = lambda: None
    """Ends the server."""
    opened: Callable[[], None] = lambda: None
    """Called once, when all bundles are open."""
    trial: Callable[[], Awaitable[None]] = no_trial
    """Opens the bundles in a process of its own, which may hang or die; raises ModelError where they do not open."""
    reload: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where the bundles are to be opened anew."""
    reloads: dict[str, int] = field(default_factory=lambda: {"done": 0, "failed": 0})

    def is_hung(self) -> bool:
        """Whether an engine has been at one batch for too long."""
        return any(model.queue.busy_for() > self.limits.hang_seconds for model in self.models.values())

    def is_full(self) -> bool:
        """Whether no queue has room."""
        return bool(self.models) and all(model.queue.is_full() for model in self.models.values())

    def retry_after(self) -> int:
        """Seconds until the first queue has room, as far as is known."""
        return min(model.queue.retry_after() for model in self.models.values())

    def waiting_tokens(self) -> int:
        """Tokens that wait or are being computed."""
        return sum(model.queue.waiting_tokens for model in self.models.values())
