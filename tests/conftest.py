"""One thread: tiny models are slower with more, and the machine may be busy."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from bundles import TinyBundle, make_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> TinyBundle:
    """A real bundle of a tiny model."""
    return make_tiny_bundle(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the tests' own: nothing is left in the user's, and nothing there is believed."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("POTSTILL_CACHE", str(folder))
    return folder
