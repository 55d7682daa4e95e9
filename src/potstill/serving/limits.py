"""What one request, one connection and the whole server may take."""

from dataclasses import dataclass

MOST_TEXTS = 256
"""Of one request, in every protocol that takes several: part of the bodies' description, so no setting."""


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, tokens and counts, times in seconds."""

    body_bytes: int = 1_000_000
    body_seconds: float = 10
    request_seconds: float = 30
    text_characters: int = 200_000
    tokens: int = 32_768
    """Of all texts of one request together."""
    waiting_seconds: float = 0.5
    """How much work may wait, as time at the engine's present speed. With what is let pass where that falls, and a
    batch, an answer takes less than a second."""
    connections: int = 512
    """Requests that are being answered at a time, not counted those that need no key."""
    open_connections: int = 2_048
    """Where there are more, the first that waits for a request or was refused is closed."""
    hang_seconds: float = 1.5
    """An engine that has been at one batch for longer than this is hung."""
    shutdown_seconds: float = 8
