import csv
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import needs_browser
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sent_texts import TOXIC
from served_page import MARKUP, box, choose_file
from server import Server

pytestmark = needs_browser


@pytest.mark.parametrize("path", ["/", "/model", "/api"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1100])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, path: str, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size(ViewportSize(width=width, height=800))
    page.goto(path)
    if path == "/":
        fill_the_page(page)
    audit = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in audit.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def fill_the_page(page: Page) -> None:
    """Everything on it that can be shown at once."""
    box(page).fill("x" * 300 + " " + TOXIC)
    expect(page.locator("#history button")).to_have_count(1, timeout=4000)
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_role("button", name="Which words matter?").click()
    expect(page.locator("mark").first).to_be_visible()
    page.get_by_label("CSV file").set_input_files(
        {"name": "mine.csv", "mimeType": "text/csv", "buffer": f"text\n{TOXIC}\n".encode()}
    )
    expect(page.get_by_role("button", name="Score 1 rows")).to_be_visible()


@pytest.mark.parametrize("text", MARKUP)
def test_nothing_that_is_typed_runs(page: Page, text: str) -> None:
    box(page).fill(f"{text} {TOXIC}")
    expect(page.locator(".card .word")).to_be_visible()
    page.get_by_role("button", name="Which words matter?").click()
    expect(page.locator(".words")).to_be_visible()
    page.get_by_label("Each line is a separate comment").check()
    expect(page.locator(".card")).to_have_class("card")
    box(page).fill(f"{text}\n{text}")
    expect(page.locator("ol.lines li")).to_have_count(2)
    assert page.evaluate("window.ran") is None
    assert page.locator("main script, main iframe, main img, main svg, main style").count() == 0


def test_nothing_in_a_file_runs(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "<img src=x onerror=window.ran=1>.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[MARKUP[1], "text"], *([text, text] for text in MARKUP)])
    choose_file(page, path)
    page.get_by_role("button", name=f"Score {len(MARKUP)} rows").click()
    expect(page.get_by_role("link", name="Download the scored file")).to_be_visible()
    assert page.evaluate("window.ran") is None


def test_nothing_is_asked_of_anybody_else(browser: Browser, server: Server) -> None:
    page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    for path in ("/", "/model", "/api"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
    assert hosts == {f"127.0.0.1:{server.port}"}
    page.close()
