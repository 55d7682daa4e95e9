"""The pages, in a real browser against the real server."""

import csv
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import complaints, needs_browser, running_browser
from bundles import TinyBundle
from playwright.sync_api import Browser, Locator, Page, Request, Route, ViewportSize, expect
from server import Server, running_server
from tiny import comments

pytestmark = needs_browser

TEXTS, LABELS = comments(12)
TOXIC = TEXTS[LABELS.index(1)]
FINE = TEXTS[LABELS.index(0)]
CORPUS = [
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


@pytest.fixture(scope="module")
def server(tiny_bundle: TinyBundle) -> Generator[Server]:
    with running_server(tiny_bundle.folder) as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with running_browser() as one:
        yield one


@pytest.fixture
def page(browser: Browser, server: Server) -> Generator[Page]:
    """The page on which comments are tried; whatever its console says fails the test."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}")
    one = context.new_page()
    said = complaints(one)
    one.goto("/")
    expect(one.locator("#cards article")).to_have_count(1)
    yield one
    context.close()
    # The browser itself reports every answer that is no success.
    assert [line for line in said if "Failed to load resource" not in line] == []


def box(page: Page) -> Locator:
    """Where a comment is typed."""
    return page.get_by_role("textbox", name="Comment")


def questions(page: Page, path: str = "/score") -> list[Request]:
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


# --- the verdict


def test_a_verdict_while_typing(page: Page) -> None:
    box(page).press_sequentially(TOXIC, delay=5)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.locator(".card .share")).to_have_text(re.compile(r"probability of toxic: (over )?\d+\.\d %"))
    expect(page.get_by_role("status").first).to_have_text(re.compile("^Toxic, probability"))
    box(page).fill(FINE)
    expect(page.locator(".card .word")).to_have_text("Fine")
    box(page).fill("")
    expect(page.locator(".card")).to_be_hidden()
    expect(page.get_by_text("Nothing typed yet.")).to_be_visible()


def test_two_hundred_quick_keystrokes_make_at_most_ten_requests(page: Page) -> None:
    made = questions(page)
    box(page).press_sequentially((TOXIC + " ") * 20, delay=15)
    typed = len(box(page).input_value())
    assert typed >= 200
    expect(page.locator(".card .word")).to_have_text("Toxic")
    assert 1 <= len(made) <= 10 * typed // 200


def test_the_question_waits_a_quarter_of_a_second_for_the_last_key(page: Page) -> None:
    made = questions(page)
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


def test_a_verdict_on_another_text_is_marked_as_old(page: Page) -> None:
    box(page).fill(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    page.route("**/score", lambda route: None)
    box(page).fill(TOXIC + " more")
    expect(page.locator(".card")).to_have_class("card old")


def test_several_lines_at_once(page: Page) -> None:
    page.get_by_label("Every line is a comment of its own").check()
    box(page).fill("\n".join([TOXIC, "", FINE]))
    expect(page.locator(".card .word")).to_have_text("1 of 2 lines toxic")
    expect(page.locator("ol.lines li")).to_have_count(2)
    expect(page.locator("ol.lines li").first).to_contain_text("Toxic")


def test_more_lines_than_a_request_holds_are_sent_to_the_file_below(page: Page) -> None:
    page.get_by_label("Every line is a comment of its own").check()
    box(page).fill("\n".join(["a"] * 257))
    expect(page.get_by_role("alert")).to_have_text("More than 256 lines: drop them as a file below.")
    box(page).fill("\n".join(["a"] * 256))
    expect(page.locator("ol.lines li")).to_have_count(256)
    expect(page.locator("#notice")).to_be_hidden()


def test_every_example_gets_a_verdict(page: Page) -> None:
    chips = page.get_by_role("group", name="Examples").get_by_role("button")
    assert chips.count() == 6
    for n in range(6):
        chips.nth(n).click()
        expect(page.locator(".card")).to_have_class("card")
        expect(page.locator(".card .word")).to_have_text(re.compile("Toxic|Fine"))


# --- the threshold and the words


def test_the_threshold_moves_the_verdict_and_says_what_it_means(page: Page) -> None:
    def unsure(route: Route) -> None:
        found = route.fetch().json()
        found["results"][0]["score"] = 0.7
        route.fulfill(json=found)

    page.route("**/score", unsure)
    box(page).fill(TOXIC)
    slider = page.get_by_role("slider", name="Called toxic from")
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
    page.get_by_role("button", name="Back to the shipped threshold").click()
    expect(page.locator(".threshold")).to_contain_text("0.50")


def test_which_words_weigh_also_after_an_emoji(page: Page) -> None:
    box(page).fill("👍🏽  " + TOXIC)
    page.get_by_role("button", name="Which words weigh?").click()
    expect(page.locator(".words")).to_have_text("👍🏽  " + TOXIC, use_inner_text=False)
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator(".card")).to_contain_text("Approximate")
    heaviest = page.locator("mark[data-weight='2']").first.inner_text()
    expect(page.locator(".card")).to_contain_text(f"heaviest first: “{heaviest}”")


# --- a file


def dropped(page: Page, path: Path) -> None:
    page.get_by_label("CSV file").set_input_files(path)


def scored(page: Page) -> list[list[str]]:
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download the scored file").click()
    assert caught.value.suggested_filename == "mine.scored.csv"
    with Path(caught.value.path()).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_file_is_scored_and_downloaded(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    odd = 'with "quotes", commas\nand a line end'
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([["id", "comment"], *([str(n), text] for n, text in enumerate([*TEXTS * 10, odd]))])
    dropped(page, path)
    expect(page.get_by_label("Text in mine.csv:")).to_have_value("1")
    page.get_by_role("button", name="Score 121 rows").click()
    rows = scored(page)
    assert rows[0] == ["id", "comment", "label", "score", "flagged", "truncated"]
    assert [row[1] for row in rows[1:]] == [*TEXTS * 10, odd]
    assert [row[2] for row in rows[1:-1]] == [["fine", "toxic"][label] for label in LABELS * 10]
    assert {row[5] for row in rows[1:]} == {"false"}


def test_a_file_is_taken_when_it_is_dropped(page: Page) -> None:
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "mine.csv"));
            const event = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
            document.getElementById("drop").dispatchEvent(event);
        }""",
        f"label;text\nx;{TOXIC}\n",
    )
    page.get_by_role("button", name="Score 1 rows").click()
    assert scored(page)[0] == [
        "label",
        "text",
        "potstill_label",
        "potstill_score",
        "potstill_flagged",
        "potstill_truncated",
    ]


def test_formulas_are_guarded_where_that_is_asked(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text('text,n\n"=HYPERLINK(""x"")",-1\n')
    dropped(page, tmp_path / "mine.csv")
    page.get_by_label("Guard spreadsheets").check()
    page.get_by_role("button", name="Score 1 rows").click()
    assert scored(page)[1][:2] == ['\'=HYPERLINK("x")', "-1"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "needs a line with the names"),
        (b"text\n", "needs a line with the names"),
        (b'text\n"open\n', "line 2: a quote is opened and never closed"),
        (b"a,text\n1\n", "row 1 has 1 fields, the first line has 2"),
        (b"text\n\xff\xfe\xfa\n", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_with_the_place(page: Page, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "mine.csv").write_bytes(content)
    dropped(page, tmp_path / "mine.csv")
    expect(page.locator("#file-work")).to_contain_text(said)


def test_a_row_that_is_too_long_is_left_out_and_counted(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(f"text\n{TOXIC}\n{'word ' * 25_000}\n{FINE}\n")
    dropped(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 3 rows").click()
    expect(page.locator("#file-work")).to_contain_text("3 rows, 1 flagged (toxic from 0.50), 1 too long to be scored.")
    assert [row[1] for row in scored(page)] == ["label", "toxic", "", "fine"]


def test_rows_without_a_text_are_kept_and_counted_also_where_there_is_one_column(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(f'text\n{TOXIC}\n""\n{FINE}\n" "\n')
    dropped(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 4 rows").click()
    expect(page.locator("#file-work")).to_contain_text("4 rows, 1 flagged (toxic from 0.50), 2 without a text.")
    assert [row[1] for row in scored(page)] == ["label", "toxic", "", "fine", ""]


def test_what_was_scored_before_it_was_stopped_is_given(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text\n" + f"{TOXIC}\n" * 40)
    asked = questions(page)

    def hold(route: Route) -> None:
        if len(asked) == 1:
            route.continue_()  # the second question is never answered

    page.route("**/score", hold)
    dropped(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 40 rows").click()
    expect(page.locator("#file-work")).to_contain_text("32 of 40 rows")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#file-work")).to_contain_text("mine.csv: stopped after 32 rows. 40 rows, 32 flagged")
    assert [row[1] for row in scored(page)] == ["label", *["toxic"] * 32, *[""] * 8]
    page.unroute("**/score")
    assert page.get_by_label("CSV file").evaluate("input => input.files.length") == 1
    page.get_by_label("CSV file").dispatch_event("click")  # of one that is chosen again nobody would hear
    assert page.get_by_label("CSV file").evaluate("input => input.files.length") == 0
    dropped(page, tmp_path / "mine.csv")
    expect(page.get_by_role("button", name="Score 40 rows")).to_be_visible()


def test_who_types_while_a_file_is_scored_goes_on_typing(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text\n" + f"{TOXIC}\n" * 200)
    dropped(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 200 rows").click()
    box(page).click()
    expect(page.get_by_role("link", name="Download the scored file")).to_be_visible()
    page.keyboard.type("still here")
    expect(box(page)).to_have_value("still here")


# --- what is kept, and what goes wrong


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


def test_typed_text_outlives_a_reload_and_the_other_pages(page: Page) -> None:
    box(page).fill(TOXIC)
    page.get_by_role("link", name="Model").click()
    page.get_by_role("link", name="Try").click()
    expect(box(page)).to_have_value(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")


def test_busy_counts_down_and_asks_again(page: Page) -> None:
    answer_with(page, 429, 1, retry_after="2")
    box(page).fill(TOXIC)
    expect(page.get_by_role("alert")).to_have_text("The server is busy.")
    expect(page.locator("#countdown")).to_have_text("Your text is kept. Asking again in 1 s.")
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.locator("#notice")).to_be_hidden()


def test_loading_is_said_and_waited_for(page: Page) -> None:
    answer_with(page, 503, 1, retry_after="1")
    box(page).fill(TOXIC)
    expect(page.get_by_role("alert")).to_have_text("The model is being loaded.")
    expect(page.locator(".card .word")).to_have_text("Toxic")


def test_offline_is_said_and_nothing_is_lost(page: Page) -> None:
    page.context.set_offline(True)
    box(page).fill(TOXIC)
    expect(page.get_by_role("alert")).to_have_text("The server does not answer.")
    expect(box(page)).to_have_value(TOXIC)
    page.context.set_offline(False)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".card .word")).to_have_text("Toxic")


def test_another_bundle_of_the_same_name_brings_its_own_threshold(browser: Browser, server: Server) -> None:
    page = browser.new_context(base_url=f"http://127.0.0.1:{server.port}").new_page()

    def before(route: Route) -> None:
        found = route.fetch().json()
        found["models"][0] |= {"digest": "of another", "threshold": {**found["models"][0]["threshold"], "value": 1.0}}
        route.fulfill(json=found)

    page.route("**/models", before, times=1)
    page.goto("/")
    expect(page.locator("#cards article")).to_have_count(1)
    box(page).fill(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.get_by_label("Called toxic from")).to_have_value("49")
    page.context.close()


def test_too_long_is_said(page: Page) -> None:
    box(page).fill("word " * 45_000)
    expect(page.get_by_role("alert")).to_contain_text("This is too long for one request: a text has more than 200,000")
    box(page).fill(TOXIC)
    expect(page.locator(".card .word")).to_have_text("Toxic")
    expect(page.locator("#notice")).to_be_hidden()


def test_a_key_is_asked_for_and_kept_in_the_tab(browser: Browser, tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder, POTSTILL_KEY="s3cret") as server:
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        page.goto("/")
        expect(page.get_by_role("alert")).to_have_text("This server wants a key.")
        page.get_by_label("Key").fill("wrong")
        page.get_by_role("button", name="Use it").click()
        page.get_by_label("Key").fill("s3cret")
        page.get_by_role("button", name="Use it").click()
        box(page).fill(TOXIC)
        expect(page.locator(".card .word")).to_have_text("Toxic")
        page.close()


# --- two bundles, the other pages


def test_two_bundles_stand_side_by_side(browser: Browser, tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder, str(tiny_bundle.folder)) as server:
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        page.goto("/")
        box(page).fill(TOXIC)
        expect(page.locator(".card .word")).to_have_text(["Toxic", "Toxic"])
        expect(page.locator(".card h3")).to_have_text(["tiny", "tiny-2"])
        page.close()


def test_the_model_page_describes_the_bundle(page: Page) -> None:
    page.goto("/model")
    expect(page.get_by_role("heading", name="tiny")).to_be_visible()
    expect(page.get_by_role("region", name="Engines of tiny")).to_contain_text("onnx-int8")
    expect(page.get_by_text("toxic from a probability of 0.500")).to_be_visible()


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


# --- whoever they are, whatever they send


@pytest.mark.parametrize("path", ["/", "/model", "/api"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1100])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, path: str, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size(ViewportSize(width=width, height=800))
    page.goto(path)
    if path == "/":
        fill_the_page(page)
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def fill_the_page(page: Page) -> None:
    """Everything on it that can be shown at once."""
    box(page).fill("x" * 300 + " " + TOXIC)
    expect(page.locator("#history button")).to_have_count(1, timeout=4000)
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_role("button", name="Which words weigh?").click()
    expect(page.locator("mark").first).to_be_visible()
    page.get_by_label("CSV file").set_input_files(
        {"name": "mine.csv", "mimeType": "text/csv", "buffer": f"text\n{TOXIC}\n".encode()}
    )
    expect(page.get_by_role("button", name="Score 1 rows")).to_be_visible()


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
    for wanted in ("checkbox", "An insult", "range", "Which words weigh?", "file"):
        assert wanted in names


@pytest.mark.parametrize("text", CORPUS)
def test_nothing_that_is_typed_runs(page: Page, text: str) -> None:
    box(page).fill(f"{text} {TOXIC}")
    expect(page.locator(".card .word")).to_be_visible()
    page.get_by_role("button", name="Which words weigh?").click()
    expect(page.locator(".words")).to_be_visible()
    page.get_by_label("Every line is a comment of its own").check()
    expect(page.locator(".card")).to_have_class("card")
    box(page).fill(f"{text}\n{text}")
    expect(page.locator("ol.lines li")).to_have_count(2)
    assert page.evaluate("window.ran") is None
    assert page.locator("main script, main iframe, main img, main svg, main style").count() == 0


def test_nothing_in_a_file_runs(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "<img src=x onerror=window.ran=1>.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[CORPUS[1], "text"], *([one, one] for one in CORPUS)])
    dropped(page, path)
    page.get_by_role("button", name=f"Score {len(CORPUS)} rows").click()
    expect(page.get_by_role("link", name="Download the scored file")).to_be_visible()
    assert page.evaluate("window.ran") is None


def test_nothing_is_asked_of_anybody_else(browser: Browser, server: Server) -> None:
    page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    for path in ("/", "/model", "/api"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
    assert hosts == {f"127.0.0.1:{server.port}"}
    page.close()
