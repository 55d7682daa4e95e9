"""What is seen of a study's work, on a terminal of its own."""

import io
import time

import pytest
from rich.console import Console

from potstill.study import progress
from potstill.study.progress import Display


def terminal() -> tuple[Console, io.StringIO]:
    shown = io.StringIO()
    return Console(file=shown, force_terminal=True, width=100, color_system=None), shown


def test_work_without_a_bar_shows_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LATE", 0.1)
    console, shown = terminal()
    with Display(console, "reading [rows]").open():
        time.sleep(0.4)
    assert "reading [rows]" in shown.getvalue()
    assert "0/?" not in shown.getvalue()


def test_what_is_quick_shows_nothing() -> None:
    console, shown = terminal()
    with Display(console, "reading").open():
        time.sleep(0.3)
    assert "reading" not in shown.getvalue()


def test_a_bar_takes_the_place_of_it_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LATE", 0.0)
    console, shown = terminal()
    display = Display(console)
    with display.open(), display.open():  # what calls it may have opened it
        with display.bar("training", 4) as bar:
            shown.truncate(0)
            bar.advance(3)
            time.sleep(0.3)
            during = shown.getvalue()
        shown.truncate(0)
        display.say("trained")
        time.sleep(0.3)
        after = shown.getvalue()
    assert "training" in during
    assert "3/4" in during
    assert "working" not in during
    assert "trained" in after
    assert "working" in after


def test_without_a_terminal_there_are_lines_alone() -> None:
    shown = io.StringIO()
    display = Display(Console(file=shown))
    with display.open():
        display.say("a line [with brackets]")
        with display.bar("training", 2) as bar:
            bar.advance()
    assert shown.getvalue().strip() == "a line [with brackets]"
