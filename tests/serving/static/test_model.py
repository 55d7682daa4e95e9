from browser import needs_browser
from playwright.sync_api import Page, expect

pytestmark = needs_browser


def test_the_model_page_describes_the_bundle(page: Page) -> None:
    page.goto("/model")
    expect(page.get_by_role("heading", name="tiny")).to_be_visible()
    expect(page.get_by_role("region", name="Engines of tiny")).to_contain_text("onnx-int8")
    expect(page.get_by_text("toxic from a probability of 0.500")).to_be_visible()
