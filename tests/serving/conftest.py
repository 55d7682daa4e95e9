"""One real server for all tests that only ask."""

from collections.abc import Generator

import pytest
from bundles import TinyBundle
from server import Server, running_server


@pytest.fixture(scope="session")
def server(tiny_bundle: TinyBundle) -> Generator[Server]:
    """It serves the tiny bundle."""
    with running_server(tiny_bundle.folder) as running:
        yield running
