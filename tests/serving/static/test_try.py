import re

from browser import needs_browser
from bundles import TinyBundle
from playwright.sync_api import Browser, Page, Route, expect
from sent_texts import FINE, TOXIC
from served_page import box
from server import Server, running_server

pytestmark = needs_browser


def test_an_answer_while_typing(page: Page) -> None:
    box(page).press_sequentially(TOXIC, delay=5)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.locator(".card .share")).to_have_text(re.compile(r"probability of toxic: (over )?\d+\.\d %"))
    expect(page.get_by_role("status").first).to_have_text(re.compile("^Toxic, probability"))
    box(page).fill(FINE)
    expect(page.locator(".card .word")).to_have_text("Fine")
    box(page).fill("")
    expect(page.locator(".card")).to_be_hidden()
    expect(page.get_by_text("Nothing typed yet.")).to_be_visible()


def test_several_lines_at_once(page: Page) -> None:
    page.get_by_label("Each line is a separate comment").check()
    box(page).fill("\n".join([TOXIC, "", FINE]))
    expect(page.locator(".card .word")).to_have_text("1 of 2 lines toxic")
    expect(page.locator("ol.lines li")).to_have_count(2)
    expect(page.locator("ol.lines li").first).to_contain_text("Toxic")


def test_pasted_lines_are_offered_as_several_comments(browser: Browser, server: Server) -> None:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    page.goto("/")
    page.evaluate("text => navigator.clipboard.writeText(text)", f"{TOXIC}\n\n{FINE}\n")
    box(page).focus()
    offer = page.get_by_role("button", name="Score these 2 lines as 2 comments")
    expect(offer).to_be_hidden()
    page.keyboard.press("Control+V")
    offer.click()
    expect(offer).to_be_hidden()
    expect(page.get_by_label("Each line is a separate comment")).to_be_checked()
    expect(page.locator("ol.lines li")).to_have_count(2)
    page.get_by_label("Each line is a separate comment").uncheck()
    box(page).fill("")
    page.evaluate("text => navigator.clipboard.writeText(text)", TOXIC)
    page.keyboard.press("Control+V")
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.locator("#offer")).to_be_hidden()
    context.close()


def test_a_verdict_takes_two_lines_at_most_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_label("Each line is a separate comment").check()
    box(page).fill("\n".join([TOXIC, FINE]))
    verdicts = page.locator("ol.lines .small")
    expect(verdicts).to_have_count(2)
    for place in range(2):
        lines = verdicts.nth(place).evaluate(
            "e => e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight)"
        )
        assert lines < 2.1
    expect(page.locator(".card .hint").first).to_have_text("The percentage is the probability of toxic.")


def test_more_lines_than_a_request_holds_are_sent_to_the_file_below(page: Page) -> None:
    page.get_by_label("Each line is a separate comment").check()
    box(page).fill("\n".join(["a"] * 257))
    expect(page.get_by_role("alert")).to_have_text("More than 256 lines: drop them as a file below.")
    box(page).fill("\n".join(["a"] * 256))
    expect(page.locator("ol.lines li")).to_have_count(256)
    expect(page.locator("#notice")).to_be_hidden()


def test_every_example_gets_an_answer(page: Page) -> None:
    chips = page.get_by_role("group", name="Examples").get_by_role("button")
    assert chips.count() == 6
    for n in range(6):
        chips.nth(n).click()
        expect(page.locator(".card")).to_have_class("card")
        expect(page.locator(".card .word")).to_have_text(re.compile("Toxic|Fine"))


def test_typed_text_outlives_a_reload_and_the_other_pages(page: Page) -> None:
    box(page).fill(TOXIC)
    page.get_by_role("link", name="Model").click()
    page.get_by_role("link", name="Try").click()
    expect(box(page)).to_have_value(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")


def test_another_bundle_of_the_same_name_brings_its_own_threshold(browser: Browser, server: Server) -> None:
    page = browser.new_context(base_url=f"http://127.0.0.1:{server.port}").new_page()

    def before(route: Route) -> None:
        described = route.fetch().json()
        described["models"][0] |= {
            "digest": "of another",
            "threshold": {**described["models"][0]["threshold"], "value": 1.0},
        }
        route.fulfill(json=described)

    page.route("**/models", before, times=1)
    page.goto("/")
    expect(page.locator("#cards article")).to_have_count(1)
    box(page).fill(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.get_by_label("Threshold for toxic")).to_have_value("49")
    page.context.close()


def test_two_bundles_stand_side_by_side(browser: Browser, tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder, str(tiny_bundle.folder)) as server:
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        page.goto("/")
        box(page).fill(TOXIC)
        expect(page.locator(".card .word")).to_have_text(["Toxic", "Toxic"])
        expect(page.locator(".card h3")).to_have_text(["tiny", "tiny-2"])
        page.close()


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the comment")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "comment":
            break
    page.keyboard.type(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    names: list[str] = []
    for _ in range(20):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.innerText || document.activeElement.type || ''"))
    for wanted in ("checkbox", "An insult", "range", "Which words matter?", "file"):
        assert wanted in names
