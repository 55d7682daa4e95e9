import csv
from pathlib import Path

import pytest
from browser import needs_browser
from playwright.sync_api import Page, Route, expect
from sent_texts import FINE, TOXIC
from served_page import box, choose_file, downloaded, requests_to
from tiny import comments

pytestmark = needs_browser

TEXTS, LABELS = comments(12)


def test_a_file_is_scored_and_downloaded(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    odd = 'with "quotes", commas\nand a line end'
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([["id", "comment"], *([str(n), text] for n, text in enumerate([*TEXTS * 10, odd]))])
    choose_file(page, path)
    expect(page.get_by_label("Text in mine.csv:")).to_have_value("1")
    page.get_by_role("button", name="Score 121 rows").click()
    rows = downloaded(page)
    assert rows[0] == ["id", "comment", "label", "score", "flagged", "truncated"]
    assert [row[1] for row in rows[1:]] == [*TEXTS * 10, odd]
    assert [row[2] for row in rows[1:-1]] == [["fine", "toxic"][label] for label in LABELS * 10]
    assert {row[5] for row in rows[1:]} == {"false"}


def test_a_file_is_taken_when_it_is_choose_file(page: Page) -> None:
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
    assert downloaded(page)[0] == [
        "label",
        "text",
        "potstill_label",
        "potstill_score",
        "potstill_flagged",
        "potstill_truncated",
    ]


def test_a_file_has_the_language_where_languages_are_checked(page: Page, tmp_path: Path) -> None:
    def english(route: Route) -> None:
        answer = route.fetch().json()
        answer["models"][0] |= {"languages": ["en"], "checks_languages": True}
        route.fulfill(json=answer)

    page.route("**/models", english)
    page.reload()
    expect(page.locator("#cards article")).to_have_count(1)
    (tmp_path / "mine.csv").write_text("text\nyou fool\n")
    choose_file(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 1 rows").click()
    assert downloaded(page)[0] == ["text", "label", "score", "flagged", "truncated", "foreign_language"]


@pytest.mark.parametrize("first", ["sep=;\r\n", ""])
def test_what_excel_writes_is_scored(page: Page, tmp_path: Path, first: str) -> None:
    (tmp_path / "mine.csv").write_text(f'{first}id;"text, in short"\r\n1;{TOXIC}\r\n2;"{FINE}; yes"\r\n', newline="")
    choose_file(page, tmp_path / "mine.csv")
    page.get_by_label("Text in mine.csv:").select_option("text, in short")
    page.get_by_role("button", name="Score 2 rows").click()
    rows = downloaded(page)
    assert rows[0][:3] == ["id", "text, in short", "label"]
    assert [row[:3] for row in rows[1:]] == [["1", TOXIC, "toxic"], ["2", f"{FINE}; yes", "fine"]]


def test_formulas_are_guarded_where_that_is_asked(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text('text,n,m\n"=HYPERLINK(""x"")",-1,ok;=1+1\n')
    choose_file(page, tmp_path / "mine.csv")
    page.get_by_label("Safe for spreadsheets").check()
    page.get_by_role("button", name="Score 1 rows").click()
    assert downloaded(page)[1][:3] == ['\'=HYPERLINK("x")', "-1", "ok;'=1+1"]


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
    choose_file(page, tmp_path / "mine.csv")
    expect(page.locator("#file-work")).to_contain_text(said)


def test_a_row_that_is_too_long_is_left_out_and_counted(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(f"text\n{TOXIC}\n{'word ' * 25_000}\n{FINE}\n")
    choose_file(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 3 rows").click()
    expect(page.locator("#file-work")).to_contain_text("3 rows, 1 flagged (toxic from 0.50), 1 too long to be scored.")
    assert [row[1] for row in downloaded(page)] == ["label", "toxic", "", "fine"]


def test_rows_without_a_text_are_kept_and_counted_also_where_there_is_one_column(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(f'text\n{TOXIC}\n""\n{FINE}\n" "\n')
    choose_file(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 4 rows").click()
    expect(page.locator("#file-work")).to_contain_text("4 rows, 1 flagged (toxic from 0.50), 2 with nothing to read.")
    assert [row[1] for row in downloaded(page)] == ["label", "toxic", "", "fine", ""]


def test_what_was_scored_before_it_was_stopped_is_given(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text\n" + f"{TOXIC}\n" * 40)
    asked = requests_to(page)

    def hold(route: Route) -> None:
        if len(asked) == 1:
            route.continue_()  # the second question is never answered

    page.route("**/score", hold)
    choose_file(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 40 rows").click()
    expect(page.locator("#file-work")).to_contain_text("32 of 40 rows")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#file-work")).to_contain_text("mine.csv: stopped after 32 rows. 40 rows, 32 flagged")
    assert [row[1] for row in downloaded(page)] == ["label", *["toxic"] * 32, *[""] * 8]
    page.unroute("**/score")
    assert page.get_by_label("CSV file").evaluate("input => input.files.length") == 1
    page.get_by_label("CSV file").dispatch_event("click")  # of one that is chosen again nobody would hear
    assert page.get_by_label("CSV file").evaluate("input => input.files.length") == 0
    choose_file(page, tmp_path / "mine.csv")
    expect(page.get_by_role("button", name="Score 40 rows")).to_be_visible()


def test_who_types_while_a_file_is_scored_goes_on_typing(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text\n" + f"{TOXIC}\n" * 200)
    choose_file(page, tmp_path / "mine.csv")
    page.get_by_role("button", name="Score 200 rows").click()
    box(page).click()
    expect(page.get_by_role("link", name="Download the scored file")).to_be_visible()
    page.keyboard.type("still here")
    expect(box(page)).to_have_value("still here")
