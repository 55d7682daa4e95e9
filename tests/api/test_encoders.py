from pathlib import Path

import pytest

from potstill import PotstillError, fetch
from potstill.models.encoder import MINILM_SHA256


def test_what_is_there_is_not_fetched_again(own_cache: Path) -> None:
    folder = own_cache / f"all-MiniLM-L6-v2-{MINILM_SHA256[:12]}"
    folder.mkdir(parents=True)
    try:
        assert fetch() == fetch("minilm", "hub") == folder
    finally:
        folder.rmdir()  # nothing is in it: no other test may take it for the encoder


def test_an_encoder_that_is_not_known_is_refused() -> None:
    with pytest.raises(PotstillError, match="no encoder maxilm to fetch; there is minilm"):
        fetch("maxilm")
