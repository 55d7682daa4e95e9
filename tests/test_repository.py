"""The files beside the code that other programs read."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages import ROOT
from pre_commit.clientlib import load_config

import potstill

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_commits_are_checked_by_the_tools_of_the_makefile() -> None:
    config: Any = load_config(str(ROOT / ".pre-commit-config.yaml"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert {hook["id"] for hook in hooks} == {"ruff-check", "ruff-format", "pyright", "lint-imports"}
    for hook in hooks:
        assert hook["language"] in ("system", "unsupported")
        command = hook["entry"].removesuffix(" --force-exclude").replace(".venv/bin/", "$(BIN)/")
        assert command in makefile


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_an_issue_s_form_is_one(form: Path) -> None:
    content = read(form)
    assert content["name"]
    assert content["description"]
    fields = [field["id"] for field in content["body"]]
    assert len(fields) == len(set(fields)) > 0
    for field in content["body"]:
        assert field["type"] in ("input", "textarea", "dropdown", "checkboxes", "markdown")
        assert field["attributes"]["label"]


def test_the_citation_is_of_this_version() -> None:
    citation = read(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["version"] == potstill.__version__
    assert citation["authors"] == [{"name": "The potstill authors"}]


def test_changes_are_written_down_for_this_version_or_the_next() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = re.escape(potstill.__version__)
    assert re.search(rf"^## (Unreleased|{version})\b", changes, re.MULTILINE)
