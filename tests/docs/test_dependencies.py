"""The page of dependencies and the project's file name the same packages."""

import re
import tomllib
from itertools import chain

from pages import ROOT, lines_of

PAGE = ROOT / "docs" / "dependencies.md"


def required() -> set[str]:
    """What pyproject.toml asks for, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = chain(project["dependencies"], *project["optional-dependencies"].values())
    return {re.split(r"[\[<>=;]", requirement)[0] for requirement in asked}


def test_every_package_has_its_line_and_no_line_is_left_over() -> None:
    cells = [line.split("|")[1] for line in lines_of(PAGE) if line.startswith("| ") and "package |" not in line]
    assert {name.strip() for cell in cells for name in cell.split(",")} == required()
