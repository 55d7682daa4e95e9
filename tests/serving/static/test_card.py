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


def test_a_text_with_nothing_to_read_has_no_answer(page: Page) -> None:
    box(page).fill("👍")
    expect(page.locator(".card .single")).to_have_text(
        "No answer: there is nothing in this text that the model can read"
    )
    expect(page.get_by_role("button", name="Which words matter?")).to_be_hidden()
    page.get_by_label("Each line is a separate comment").check()
    box(page).fill(f"👍\n{TOXIC}")
    expect(page.locator(".lines li").first).to_contain_text("No answer")
    expect(page.locator(".card .word")).to_have_text("1 of 2 lines toxic")


def test_a_text_in_another_language_is_told(page: Page) -> None:
    def german(route: Route) -> None:
        answer = route.fetch().json()
        for result in answer["results"]:
            result["foreign_language"] = "de"
        route.fulfill(json=answer)

    def english(route: Route) -> None:
        answer = route.fetch().json()
        answer["models"][0] |= {"languages": ["en"], "checks_languages": True}
        route.fulfill(json=answer)

    page.route("**/models", english)
    page.route("**/score", german)
    page.reload()
    expect(page.locator("#cards article")).to_have_count(1)
    box(page).fill(TOXIC)
    warning = "This seems to be German, the model is for English: the score means little"
    expect(page.locator(".card .single .hint")).to_have_text(warning)
    expect(page.locator("#said")).to_contain_text(warning)
    page.get_by_label("Each line is a separate comment").check()
    box(page).fill(f"{TOXIC}\n{FINE}")
    expect(page.locator(".lines .hint")).to_have_text([warning, warning])
    page.goto("/model")
    expect(page.locator("dl")).to_contain_text("English; a text in another is told")


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
