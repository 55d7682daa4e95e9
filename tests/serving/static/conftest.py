"""The pages, in a real browser against the real server."""

from collections.abc import Generator

import pytest
from browser import complaints, running_browser
from playwright.sync_api import Browser, Page, expect
from server import Server


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """Not for longer than a module: while it runs, asyncio has a loop that other tests would trip over."""
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Generator[Page]:
    """The page on which comments are tried; whatever its console says fails the test."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}")
    opened = context.new_page()
    said = complaints(opened)
    opened.goto("/")
    expect(opened.locator("#cards article")).to_have_count(1)
    yield opened
    context.close()
    # The browser itself reports every answer that is no success.
    assert [line for line in said if "Failed to load resource" not in line] == []
