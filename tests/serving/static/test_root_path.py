"""Every page, behind a proxy that has the server below a path."""

from collections.abc import Generator

import pytest
from browser import complaints, needs_browser
from bundles import TinyBundle
from playwright.sync_api import Browser, expect
from proxy import stripping_proxy
from sent_texts import TOXIC
from served_page import box
from server import Server, running_server

pytestmark = needs_browser


@pytest.fixture(scope="module")
def below(tiny_bundle: TinyBundle) -> Generator[Server]:
    with running_server(tiny_bundle.folder, "--root-path", "/mod") as running:
        yield running


@pytest.mark.parametrize("strips", [True, False], ids=["stripped", "passed on"])
def test_the_pages_work_below_a_path(browser: Browser, below: Server, strips: bool) -> None:
    with stripping_proxy(below.port, "/mod", strips=strips) as port:
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}")
        said = complaints(page)
        missing: list[str] = []
        page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)
        page.goto("/mod/")
        box(page).fill(TOXIC)
        expect(page.locator(".card .word")).to_be_visible()
        page.get_by_role("button", name="Which words matter?").click()
        expect(page.locator("mark").first).to_be_visible()
        page.get_by_role("link", name="Model", exact=True).click()
        expect(page.locator("#models section")).to_have_count(1)
        page.get_by_role("link", name="API", exact=True).click()
        expect(page.locator(".snippet pre").first).to_contain_text(f"http://127.0.0.1:{port}/mod/score")
        page.get_by_role("link", name="potstill", exact=True).click()
        expect(page.locator("#cards article")).to_have_count(1)
        assert page.url == f"http://127.0.0.1:{port}/mod/"
        page.close()
        assert (said, missing) == ([], [])
