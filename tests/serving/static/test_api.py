import subprocess
import sys

from browser import needs_browser
from playwright.sync_api import Page, expect
from server import Server

pytestmark = needs_browser


def run(code: str) -> None:
    """A snippet as it stands, by whom it is for."""
    command = ["bash", "-c", code] if code.startswith("curl") else [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip()
    assert b'"error"' not in ended.stdout


def test_the_snippets_of_the_api_page_work(page: Page, server: Server) -> None:
    page.goto("/api")
    snippets = page.locator(".snippet pre")
    assert snippets.count() == 10
    for code in snippets.all_inner_texts():
        assert f"http://127.0.0.1:{server.port}" in code
        run(code)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: potstill's own, curl").click()
    expect(page.get_by_role("button", name="Copy: potstill's own, curl")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl -s http://127.0.0.1")
