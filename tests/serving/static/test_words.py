from browser import needs_browser
from playwright.sync_api import Page, expect
from sent_texts import TOXIC
from served_page import box

pytestmark = needs_browser


def test_which_words_matter_also_after_an_emoji(page: Page) -> None:
    box(page).fill("👍🏽  " + TOXIC)
    page.get_by_role("button", name="Which words matter?").click()
    expect(page.locator(".words")).to_have_text("👍🏽  " + TOXIC, use_inner_text=False)
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator(".card")).to_contain_text("Approximate")
    heaviest = page.locator("mark[data-weight='2']").first.inner_text()
    expect(page.locator(".card")).to_contain_text(f"strongest first: “{heaviest}”")
