"""The HTML report, read and looked at in a real browser."""

import json
import re
from base64 import b64encode
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from browser import complaints, needs_browser, running_browser
from markupsafe import escape
from synthetic import write_study

from potstill.report.files import write_report
from potstill.report.render.html import html, marked

HOSTILE = "<script>window.ran=1</script><img src=x onerror=window.ran=1>{{ 7*7 }} & \u202e"
SECTIONS = [
    "Results", "Cost", "Training", "Precision, recall, calibration", "Layers", "Changed decisions",
    "All differences", "Data", "Provenance",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose texts and words would run, if anything let them."""
    place = write_study(tmp_path_factory.mktemp("study"), {"even": 0.0, "odd": -0.6}, texts=[HOSTILE], words=HOSTILE)
    write_report(place)
    return place


def test_every_section_is_there_and_the_answer_comes_first(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", page) == [*SECTIONS, "Notes"]
    sentences = json.loads((folder / "report.json").read_text(encoding="utf-8"))["sentences"]
    assert page.index("<h1>") < page.index("<table>")
    top = page.partition("<table>")[0].replace("\u00a0%", " %")  # a number and its sign stay on one line
    assert all(str(escape(sentence)) in top for sentence in sentences)
    assert page.count("<svg") == 6
    assert all(len(sentence) > 20 for sentence in sentences)
    assert "PR-AUC: how well a model ranks" in page
    assert "as the study file has it" in page
    assert "before the first run" not in page, "nothing here can tell when a margin was written down"


def test_nothing_of_the_data_is_markup_and_nothing_is_loaded(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;window.ran=1" in page
    assert str(escape("{{ 7*7 }}")) in page  # a template inside a text is text
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", page)


def test_every_number_of_the_pictures_is_in_the_json(folder: Path) -> None:
    report, _ = write_report(folder)
    again = type(report).model_validate_json((folder / "report.json").read_text(encoding="utf-8"))
    assert html(again) == (folder / "report.html").read_text(encoding="utf-8")


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_at_every_width_and_axe_finds_nothing(folder: Path, scheme: str) -> None:
    with running_browser() as browser:
        for width in (360, 1280):
            page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})  # pyright: ignore[reportArgumentType]
            said = complaints(page)
            page.goto((folder / "report.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            answer = page.locator("h1").bounding_box()
            assert answer
            assert answer["y"] + answer["height"] < 800, "the answer is on the first screen"
            violations = Axe().run(page)  # pyright: ignore[reportUnknownMemberType]
            assert violations.violations_count == 0, violations.generate_report()
            assert page.evaluate("window.ran") is None
            assert said == []
            page.close()


@needs_browser
def test_sections_fold_and_a_link_opens_what_it_leads_to(folder: Path) -> None:
    with running_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto((folder / "report.html").as_uri())
        notes = page.locator("#notes")
        assert not notes.is_visible()
        page.get_by_role("link", name="Notes").click()
        assert notes.is_visible()
        results = page.get_by_text("Test, ").first
        assert results.is_visible()
        page.locator("summary").first.click()
        assert not results.is_visible()


@needs_browser
def test_a_table_that_is_cut_off_says_so_until_its_end_is_reached(folder: Path) -> None:
    with running_browser() as browser:
        page = browser.new_page(color_scheme="light", viewport={"width": 360, "height": 800})
        page.goto((folder / "report.html").as_uri())
        table = page.locator(".wide").first

        def darkest_at_the_edge() -> int:
            """The darkest pixel of the last two columns between the lines of the table's head."""
            box = table.bounding_box()
            assert box
            clip = {"x": box["x"] + box["width"] - 2, "y": box["y"] + 4, "width": 2, "height": 3}
            image = page.screenshot(clip=clip)  # pyright: ignore[reportArgumentType]
            script = """async (data) => {
                const bitmap = await createImageBitmap(await (await fetch(data)).blob());
                const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
                context.drawImage(bitmap, 0, 0);
                const { data: values } = context.getImageData(0, 0, bitmap.width, bitmap.height);
                return Math.min(...values.filter((_, n) => n % 4 < 3));
            }"""
            canvas = browser.new_page()
            return int(canvas.evaluate(script, "data:image/png;base64," + b64encode(image).decode()))

        assert table.evaluate("t => t.scrollWidth > t.clientWidth")
        assert darkest_at_the_edge() < 235
        table.evaluate("t => t.scrollTo(t.scrollWidth, 0)")
        assert darkest_at_the_edge() == 255


@needs_browser
def test_the_right_half_of_a_desktop_is_used(folder: Path) -> None:
    with running_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto((folder / "report.html").as_uri())
        contents, table = page.get_by_role("navigation").bounding_box(), page.locator("table").first.bounding_box()
        picture = page.locator("figure").first.bounding_box()
        assert contents
        assert table
        assert picture
        assert contents["x"] + contents["width"] < table["x"]
        assert table["x"] + table["width"] < picture["x"]
        assert picture["y"] < table["y"] + table["height"]


def test_what_stands_between_backticks_is_code() -> None:
    words = marked("run `potstill run` <b>; 5 % of 3")
    assert words == "run <code>potstill run</code> &lt;b&gt;; 5\u00a0% of 3"
    assert marked("a ` alone") == "a ` alone"
