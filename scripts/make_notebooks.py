"""Write the notebook of every script in examples/, cell by cell, so that the two never differ.

A script's cells begin with `# %%`, those of text with `# %% [markdown]`; a tag follows as `# %% tags=["parameters"]`.
"""

import json
import re
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[1] / "examples"
_CELL = re.compile(r"# %%(?P<text> \[markdown\])?(?: tags=(?P<tags>\[.*\]))?")


def notebook_of(script: str) -> dict[str, Any]:
    """The notebook, in Jupyter's format 4.5, of a script; what stands before its first cell is left out."""
    cells: list[dict[str, Any]] = []
    lines: list[str] = []
    for line in script.splitlines():
        if opening := _CELL.fullmatch(line):
            lines = []
            cells.append({"opening": opening, "lines": lines})
        else:
            lines.append(line)
    return {
        "cells": [_cell(f"cell-{number}", **cell) for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(identity: str, opening: re.Match[str], lines: list[str]) -> dict[str, Any]:
    metadata = {"tags": json.loads(opening["tags"])} if opening["tags"] else {}
    if opening["text"]:
        text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines).strip("\n")
        return {"cell_type": "markdown", "id": identity, "metadata": metadata, "source": _source(text)}
    code = _source("\n".join(lines).strip("\n"))
    return {
        "cell_type": "code", "execution_count": None, "id": identity, "metadata": metadata, "outputs": [],
        "source": code,
    }  # fmt: skip


def _source(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def as_file(notebook: dict[str, Any]) -> str:
    """The text of the notebook's file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path in sorted(EXAMPLES.glob("*/*.py")):
        path.with_suffix(".ipynb").write_text(as_file(notebook_of(path.read_text(encoding="utf-8"))), encoding="utf-8")
