"""A study that was run."""

from pathlib import Path

import pytest
from tiny_study import finished_study


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder with the results in `runs/tiny`; not to be written into."""
    return finished_study(tmp_path_factory.getbasetemp())
