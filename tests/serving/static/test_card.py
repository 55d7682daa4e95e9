import re

from browser import needs_browser
from playwright.sync_api import Page, Route, expect
from sent_texts import FINE, TOXIC
from served_page import box

pytestmark = needs_browser


def test_an_answer_to_another_text_is_marked_as_old(page: Page) -> None:
    box(page).fill(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    page.route("**/score", lambda route: None)
    box(page).fill(TOXIC + " more")
    expect(page.locator(".card")).to_have_class("card old")


def test_the_threshold_changes_the_answer_and_says_what_it_means(page: Page) -> None:
    def unsure(route: Route) -> None:
        answer = route.fetch().json()
        answer["results"][0]["score"] = 0.7
        route.fulfill(json=answer)

    page.route("**/score", unsure)
    box(page).fill(TOXIC)
    slider = page.get_by_role("slider", name="Threshold for toxic")
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.locator(".threshold")).to_contain_text(re.compile(r"0\.50: on validation .*recall .*precision"))
    assert "recall" in (slider.get_attribute("aria-valuetext") or "")
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator(".threshold")).to_contain_text("0.99")
    expect(page.locator(".card .word")).to_have_text("Fine")
    expect(page.locator("#said")).to_have_text("Fine, probability of toxic: 70.0 %")
    box(page).fill(FINE)
    page.keyboard.press("Tab")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(".threshold")).to_contain_text("0.01: on validation 100 of 100")
    expect(page.locator(".card .word")).to_have_text("Toxic")
    page.get_by_role("button", name="Reset the threshold").click()
    expect(page.locator(".threshold")).to_contain_text("0.50")
