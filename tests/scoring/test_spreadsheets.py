"""Cells that no spreadsheet computes."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from scored_files import rows_of, run

from potstill.scoring.spreadsheets import guarded

GUARDED = {
    "=1+1": "'=1+1",
    "+1-1": "'+1-1",
    "-2+3+cmd|' /C calc'!A0": "'-2+3+cmd|' /C calc'!A0",
    "@SUM(1)": "'@SUM(1)",
    " =1": "' =1",
    "\u00a0=1": "'\u00a0=1",
    "\u200b\ufeff+1": "'\u200b\ufeff+1",
    "\uff1d1": "'\uff1d1",
    "\ufe661": "'\ufe661",
    "\u22121+cmd|x": "'\u22121+cmd|x",
    '"=1+1"': '\'"=1+1"',
    "\ttext": "'\ttext",
    "\r\ntext": "'\r\ntext",
    "\t=1": "'\t'=1",
    "\n =1": "'\n' =1",
    "ok;=1+1": "ok;'=1+1",
    "ok; =1+1": "ok;' =1+1",
    'ok;"=1+1"': 'ok;\'"=1+1"',
    "ok,@a": "ok,'@a",
    "ok|-1": "ok|'-1",
    "ok\t+1": "ok\t'+1",
    "ok\n=1\r\n=2": "ok\n'=1\r\n'=2",
    "ok;\t=1": "ok;'\t'=1",
    "a;b;=1;c;-2;": "a;b;'=1;c;'-2;",
    "- a list\n- of two": "'- a list\n'- of two",
    "-1e5": "'-1e5",
}
LEFT = ["text", "a=b", "1 + 1", "well - no", "a@b.c", "-1", "+1.5", "7", "ok; fine", "", "it's", "a\nb", "1=1;2"]


@pytest.mark.parametrize("cell", GUARDED)
def test_an_apostrophe_stands_wherever_a_cell_may_begin_as_a_formula_does(cell: str) -> None:
    assert guarded(cell) == GUARDED[cell]


@pytest.mark.parametrize("cell", LEFT)
def test_what_is_no_formula_is_left_as_it_is(cell: str) -> None:
    assert guarded(cell) == cell


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quotes", ["heeded", "none"])
def test_no_cell_is_a_formula_by_whatever_separator_the_file_is_opened(
    tmp_path: Path, delimiter: str, quotes: str
) -> None:
    cells = [*GUARDED, *LEFT, 'a";=1', "x\n\n;=1", '""=1', ["in;=a list"], {"=in": ",@an object"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": "a", "=n;=n": cell}) + "\n" for cell in cells))
    run(tmp_path / "in.jsonl", tmp_path / "out.csv", spreadsheet_safe=True)
    opened = io.StringIO((tmp_path / "out.csv").read_text(), newline="")
    how = csv.QUOTE_MINIMAL if quotes == "heeded" else csv.QUOTE_NONE
    seen = [cell for row in csv.reader(opened, delimiter=delimiter, quoting=how) for cell in row]
    begun = [cell for cell in seen if re.match(r'[\s"]*[=+\-@]', cell) and not re.fullmatch(r"[+-][\d.]+", cell)]
    assert begun == []
    assert len(rows_of(tmp_path / "out.csv")) == len(cells)


def test_what_unicode_calls_a_format_is_unseen() -> None:
    formats = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Cf", "Cc")]
    assert [letter for letter in formats if guarded(f"ok;{letter}=1")[3] != "'"] == []


@pytest.mark.parametrize("kind", ["\t", "\t \n", '"', ";\t", "=", ";="])
def test_it_takes_linear_time(kind: str) -> None:
    started = time.process_time()
    guarded(kind * 300_000)
    assert time.process_time() - started < 5, "in quadratic time it would be an hour"


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here: apt-get install nodejs")
def test_the_page_says_the_same(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "src/potstill/serving/static/csv.js"
    (tmp_path / "csv.mjs").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    cells = [*GUARDED, *LEFT, "\U000e0001=1", "ok;\u061c=1", ";\t" * 50_000]
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    code = """
import { readFileSync } from "node:fs";
import { format, parse } from "./csv.mjs";
const cells = JSON.parse(readFileSync("cells.json"));
process.stdout.write(JSON.stringify(cells.map((cell) => parse(format([["a", "b"], [cell, "x"]], true))[1][0])));
"""
    (tmp_path / "run.mjs").write_text(code)
    said = subprocess.run(["node", "run.mjs"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert json.loads(said.stdout) == [guarded(cell) for cell in cells]
