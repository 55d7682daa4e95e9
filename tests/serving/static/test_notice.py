from browser import needs_browser
from bundles import TinyBundle
from playwright.sync_api import Browser, Page, expect
from sent_texts import TOXIC
from served_page import answer_with, box
from server import running_server

pytestmark = needs_browser


def test_busy_counts_down_and_asks_again(page: Page) -> None:
    answer_with(page, 429, 1, retry_after="2")
    box(page).fill(TOXIC)
    expect(page.get_by_role("alert")).to_have_text("The server is busy.")
    expect(page.locator("#countdown")).to_have_text("Your text is kept. Trying again in 1 s.")
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.locator("#notice")).to_be_hidden()


def test_loading_is_said_and_waited_for(page: Page) -> None:
    answer_with(page, 503, 1, retry_after="1")
    box(page).fill(TOXIC)
    expect(page.get_by_role("alert")).to_have_text("The model is being loaded.")
    expect(page.locator(".card .word")).to_have_text("Toxic")


def test_offline_is_said_and_nothing_is_lost(page: Page) -> None:
    page.context.set_offline(True)
    box(page).fill(TOXIC)
    expect(page.get_by_role("alert")).to_have_text("The server does not answer.")
    expect(box(page)).to_have_value(TOXIC)
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".card .word")).to_have_text("Toxic")


def test_too_long_is_said(page: Page) -> None:
    box(page).fill("word " * 45_000)
    expect(page.get_by_role("alert")).to_contain_text("This is too long for one request: a text has more than 200,000")
    box(page).fill(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.locator("#notice")).to_be_hidden()


def test_a_key_is_asked_for_and_kept_in_the_tab(browser: Browser, tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder, POTSTILL_KEY="s3cret") as server:
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        page.goto("/")
        expect(page.get_by_role("alert")).to_have_text("This server needs a key.")
        page.get_by_label("Key").fill("wrong")
        page.get_by_role("button", name="Use it").click()
        page.get_by_label("Key").fill("s3cret")
        page.get_by_role("button", name="Use it").click()
        box(page).fill(TOXIC)
        expect(page.locator(".card .word")).to_have_text("Toxic")
        page.close()
