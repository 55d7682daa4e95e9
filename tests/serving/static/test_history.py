from browser import needs_browser
from playwright.sync_api import Page, expect
from sent_texts import FINE, TOXIC
from served_page import box

pytestmark = needs_browser


def test_the_history_stays_in_the_tab_and_can_be_cleared(page: Page) -> None:
    box(page).fill(TOXIC)
    earlier = page.locator("#history button")
    expect(earlier).to_have_count(1, timeout=4000)
    box(page).fill(FINE)
    expect(earlier).to_have_count(2, timeout=4000)
    page.reload()
    expect(earlier).to_have_count(2)
    earlier.nth(1).click()
    expect(box(page)).to_have_value(TOXIC)
    page.get_by_role("button", name="Clear the list").click()
    expect(earlier).to_have_count(0)
    page.reload()
    expect(earlier).to_have_count(0)
