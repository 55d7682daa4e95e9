"""Pictures of the pages: both themes, wide and narrow.

python benchmarks/screenshots.py BUNDLE [BUNDLE] --out FOLDER
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from served import potstill_server, running

PORT = 8762
COMMENT = "You are an idiot, and everything you write here is garbage."
LINES = "I hate you\nI hate Mondays\nYou have to kill the process before you restart it"


def take(page: Page, out: Path, name: str) -> None:
    """All pages, the first one in three states."""
    page.goto("/")
    page.locator("#comment").fill(COMMENT)
    page.locator(".card .word").first.wait_for()
    page.get_by_role("button", name="Which words matter?").first.click()
    page.locator("mark").first.wait_for()
    page.wait_for_timeout(2200)
    page.screenshot(path=out / f"try-{name}.png", full_page=True)
    page.get_by_label("Each line is a separate comment").check()
    page.locator("#comment").fill(LINES)
    page.locator("ol.lines li").nth(2).wait_for()
    page.get_by_label("CSV file").set_input_files(
        {"name": "mine.csv", "mimeType": "text/csv", "buffer": f"comment\n{LINES}\n".encode()}
    )
    page.screenshot(path=out / f"lines-{name}.png", full_page=True)
    for path in ("model", "api"):
        page.goto(f"/{path}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=out / f"{path}-{name}.png", full_page=True)


def main() -> int:
    """Serve, and take them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    command = [*potstill_server(arguments.bundles[0], PORT), *arguments.bundles[1:]]
    with running(command, PORT, "/readyz"), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for width in (1000, 320):
                page = browser.new_page(
                    base_url=f"http://127.0.0.1:{PORT}", color_scheme=scheme, viewport={"width": width, "height": 700}
                )
                take(page, arguments.out, f"{scheme}-{width}")
                page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
