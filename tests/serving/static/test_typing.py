from browser import needs_browser
from playwright.sync_api import Page, Route, expect
from sent_texts import FINE, TOXIC
from served_page import box, requests_to

pytestmark = needs_browser


def test_two_hundred_quick_keystrokes_make_at_most_ten_requests(page: Page) -> None:
    made = requests_to(page)
    box(page).press_sequentially((TOXIC + " ") * 20, delay=15)
    typed = len(box(page).input_value())
    assert typed >= 200
    expect(page.locator(".card .word")).to_have_text("Toxic")
    assert 1 <= len(made) <= 10 * typed // 200


def test_the_question_waits_a_quarter_of_a_second_for_the_last_key(page: Page) -> None:
    made = requests_to(page)
    box(page).evaluate("it => it.addEventListener('input', () => window.typed = performance.now())")
    box(page).fill(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    asked = "performance.getEntriesByType('resource').find(entry => entry.name.endsWith('/score')).startTime"
    assert len(made) == 1
    assert page.evaluate(f"{asked} - window.typed") >= 250


def test_a_stale_answer_is_never_shown(page: Page) -> None:
    held: list[Route] = []
    page.route("**/score", lambda route: held.append(route))
    box(page).fill(TOXIC)
    page.wait_for_timeout(400)
    box(page).fill(FINE)
    page.wait_for_timeout(400)
    assert len(held) == 2
    held[1].continue_()
    expect(page.locator(".card .word")).to_have_text("Fine")
    held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator(".card .word")).to_have_text("Fine")
