"""A bundle that a test may tamper with."""

import shutil
from pathlib import Path

import pytest
from bundles import TinyBundle


@pytest.fixture
def copy(tiny_bundle: TinyBundle, tmp_path: Path) -> Path:
    """The tiny bundle in a folder of the test's own."""
    return Path(shutil.copytree(tiny_bundle.folder, tmp_path / "bundle"))
