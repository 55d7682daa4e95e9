"""What the tests do on the page on which comments are tried."""

import csv
from pathlib import Path

from playwright.sync_api import Locator, Page, Request, Route

MARKUP = [
    "<script>window.ran=1</script>",
    "<img src=x onerror='window.ran=1'>",
    '"><svg onload=window.ran=1>',
    "javascript:window.ran=1",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "</textarea><script>window.ran=1</script>",
    "<a href='javascript:window.ran=1' autofocus onfocus=window.ran=1>x</a>",
    "{{constructor.constructor('window.ran=1')()}}",
    "${window.ran=1}",
    "<style>@import 'javascript:window.ran=1'</style>",
    "<details open ontoggle=window.ran=1>",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "\u2028<script>window.ran=1</script>\u202e",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.ran=1>",
]
"""Texts that would do something if they became markup."""


def box(page: Page) -> Locator:
    """Where a comment is typed."""
    return page.get_by_role("textbox", name="Comment")


def requests_to(page: Page, path: str = "/score") -> list[Request]:
    """The requests to `path` from now on."""
    made: list[Request] = []
    page.on("request", lambda request: made.append(request) if request.url.endswith(path) else None)
    return made


def answer_with(page: Page, status: int, times: int, **headers: str) -> None:
    """The next `times` questions get this answer, then the server's own."""
    left = [times]

    def handle(route: Route) -> None:
        left[0] -= 1
        if left[0] < 0:
            route.continue_()
            return
        route.fulfill(
            status=status, headers={name.replace("_", "-"): value for name, value in headers.items()},
            json={"error": {"status": status, "message": "the model is being loaded"}},
        )  # fmt: skip

    page.route("**/score", handle)


def choose_file(page: Page, path: Path) -> None:
    """Give the page a CSV file."""
    page.get_by_label("CSV file").set_input_files(path)


def downloaded(page: Page) -> list[list[str]]:
    """The rows of the scored file."""
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download the scored file").click()
    assert caught.value.suggested_filename == "mine.scored.csv"
    with Path(caught.value.path()).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))
