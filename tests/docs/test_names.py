"""What the pages name exists: pages and headings that are linked to, files, modules, commands, targets."""

import importlib
import re
from pathlib import Path

import pytest
from pages import PAGES, ROOT, Named, anchors_of, inline_code_of, links_of, name_of
from shell_lines import TARGETS, check_inline

PACKAGE = ROOT / "src" / "potstill"
REPORTS = sorted(ROOT.glob("docs/results/*/*.md"))
"""Pages that potstill wrote."""
FILE = re.compile(r"\.?[\w-]+(?:/[\w.*-]+)*(?:/|\.\w+)?")
HERE = {path.name for path in ROOT.iterdir()} - {"runs"}
THE_READER_S = {"recipes/anchored.py", "methods/anchored.py"}
"""Files that a page tells its reader to make."""
ROOMS = {path.name for path in PACKAGE.iterdir() if path.is_dir()}


@pytest.mark.parametrize("page", [*PAGES, *REPORTS], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    wrong = [f"{link.place}: {link.text}" for link in links_of(page) if not leads_somewhere(page, link.text)]
    assert not wrong, "\n".join(wrong)


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether the file is there, and has the heading; what lies on another machine is not asked for."""
    if re.match(r"[a-z]+:", target):
        return True
    path, _, anchor = target.partition("#")
    file = page.parent / path if path else page
    return file.exists() and (not anchor or anchor in anchors_of(file))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_is_named_exists(page: Path) -> None:
    wrong = [f"{code.place}: {error}" for code in inline_code_of(page) if (error := error_of(code))]
    assert not wrong, "\n".join(wrong)


def error_of(code: Named) -> str:
    """What is wrong with a piece of code in a sentence, or nothing."""
    text = code.text
    if re.fullmatch(r"potstill(\.\w+)+(?<!\.json)", text):
        return "" if can_be_imported(text) else f"there is no {text}"
    if re.match(r"potstill [a-z]", text):
        try:
            check_inline(text)
        except ValueError as error:
            return str(error)
    if re.match(r"make [a-z]", text):
        missing = {word for word in text.split()[1:] if "=" not in word} - TARGETS
        return f"the Makefile has no target {', '.join(sorted(missing))}" if missing else ""
    return "" if file_is_there(text) else f"there is no file {text}"


def file_is_there(text: str) -> bool:
    """Whether a path exists that begins in a folder of the project or of the package; others are the reader's own. A
    word in capitals stands for any name."""
    if not FILE.fullmatch(text) or text in THE_READER_S:
        return True
    if "/" in text and not (ROOT / text).exists():
        text = re.sub(r"[A-Z]{4,}", "*", text)
    first = text.partition("/")[0]
    if "/" in text and first in ROOMS and first not in HERE:
        return any(PACKAGE.glob(text))
    return first not in HERE or any(ROOT.glob(text))


def can_be_imported(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, attribute = name.rpartition(".")
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return hasattr(importlib.import_module(module), attribute)
    return True


def test_the_checks_see_what_is_wrong() -> None:
    page = ROOT / "README.md"
    files = ("docs/nowhere.md", "methods/nowhere.py", "tests/ROOM/nowhere.py")
    for text in (*files, "potstill.nowhere", "make nothing", "potstill plan --no"):
        assert error_of(Named(page, 1, text)), text
    for text in ("docs/studies.md", "methods/union.py", "potstill.domain.errors.DataError", "make test", "runs/x"):
        assert not error_of(Named(page, 1, text)), text
    assert not leads_somewhere(page, "docs/data.md#no-such-heading")
    assert leads_somewhere(page, "docs/data.md#the-pilot-corpus")
