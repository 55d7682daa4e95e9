"""The project's pages, read: their blocks of code, inline code, links and headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATTERNS = ("*.md", "docs/*.md", "docs/results/*.md", ".github/*.md")
"""Pages that people write; the reports below docs/results/NAME are written by potstill."""
PAGES = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))

_FENCE = re.compile(r"(?P<indent> {0,3})(?P<fence>`{3,}|~{3,}) *(?P<language>[\w+-]*)[^`]*")
_MARK = re.compile(r"<!-- check: (?P<mark>.*?) -->")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"#{1,6} +(?P<title>.+?) *#*")


@dataclass(frozen=True)
class Block:
    """A fenced block of code: the number of its first line of code, and what the comment above its fence asks for."""

    page: Path
    line: int
    language: str
    mark: str
    text: str

    @property
    def place(self) -> str:
        """The file and the line, as `README.md:12`."""
        return f"{name_of(self.page)}:{self.line}"


@dataclass(frozen=True)
class Named:
    """Something that a page names in a line of its prose."""

    page: Path
    line: int
    text: str

    @property
    def place(self) -> str:
        """The file and the line, as `README.md:12`."""
        return f"{name_of(self.page)}:{self.line}"


def name_of(page: Path) -> str:
    """The page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def lines_of(page: Path) -> list[str]:
    """The page's lines."""
    return page.read_text(encoding="utf-8").splitlines()


def blocks_of(page: Path) -> list[Block]:
    """The blocks of code of a page.

    Raises:
        ValueError: a fence does not close.
    """
    lines = lines_of(page)
    blocks: list[Block] = []
    start = 0
    while start < len(lines):
        opening = _FENCE.fullmatch(lines[start])
        if opening is None:
            start += 1
            continue
        end = next((at for at in range(start + 1, len(lines)) if lines[at].strip() == opening["fence"]), None)
        if end is None:
            raise ValueError(f"{name_of(page)}:{start + 1}: this block of code does not end")
        above = _MARK.fullmatch(lines[start - 1].strip()) if start else None
        text = "".join(f"{line.removeprefix(opening['indent'])}\n" for line in lines[start + 1 : end])
        blocks.append(Block(page, start + 2, opening["language"], above["mark"] if above else "", text))
        start = end + 1
    return blocks


def prose_of(page: Path) -> list[str]:
    """The page's lines, those of blocks of code empty."""
    lines = lines_of(page)
    for block in blocks_of(page):
        for at in range(block.line - 2, block.line + block.text.count("\n")):
            lines[at] = ""
    return lines


def inline_code_of(page: Path) -> Iterator[Named]:
    """What stands between single backticks; over the end of a line too, at its first line then."""
    prose = "\n".join(prose_of(page))
    for match in re.finditer(r"`([^`]+)`", prose):
        yield Named(page, prose.count("\n", 0, match.start()) + 1, match[1].replace("\n", " "))


def links_of(page: Path) -> Iterator[Named]:
    """The targets of the page's links and pictures."""
    for number, line in enumerate(prose_of(page), start=1):
        for match in _LINK.finditer(re.sub(r"`[^`]*`", "", line)):
            yield Named(page, number, match["target"])


def anchors_of(page: Path) -> set[str]:
    """The names that its headings get where Markdown becomes HTML: lower case, hyphens for spaces, no punctuation."""
    titles = [match["title"] for line in prose_of(page) if (match := _HEADING.fullmatch(line))]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def without_targets(line: str) -> str:
    """The line as it is read: of each link only its text."""
    return re.sub(r"(!?\[[^\]]*\])\([^)\s]+\)", r"\1", line)
