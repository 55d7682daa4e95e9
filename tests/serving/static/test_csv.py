"""The page reads a CSV file as `potstill score` does."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from potstill.data.formats import read_table

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node here: apt-get install nodejs")
SOURCE = Path(__file__).parents[3] / "src/potstill/serving/static/csv.js"
FILES = [
    "text,label\na,1\n",
    'text;label\n"a, b;\tc";1\n',
    'sep=;\r\ntext;label\r\n"a, b";1\r\n',
    '\n"SEP=|"\n\ntext|label\na;b|1\n',
    "sep=;\rtext;label\ra;1\r",
    '"text, in short";label\na;1\n',
    'label;"text, of a, b and c"\n1;a\n',
    '"a;b;c",text\n1,2\n',
    '"text\nof; two; lines",label\na,1\n',
    '"text "";"" of",label\na,1\n',
    "text (de, fr);label;id\na;1;2\n",
    '6" text;label\na;1\n',
    '"text, alone"\na\n',
    "sep=x\na\n",
    "\r\n\r\ntext;label\r\n\r\na;1\r\n",
]


def test_the_page_tells_columns_and_rows_as_scoring_does(tmp_path: Path) -> None:
    (tmp_path / "csv.mjs").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "files.json").write_text(json.dumps(FILES))
    (tmp_path / "run.mjs").write_text(
        'import { readFileSync } from "node:fs";\nimport { parse } from "./csv.mjs";\n'
        'process.stdout.write(JSON.stringify(JSON.parse(readFileSync("files.json")).map((text) => parse(text))));\n'
    )
    said = subprocess.run(["node", "run.mjs"], cwd=tmp_path, check=True, capture_output=True, text=True)
    for content, (header, *rows) in zip(FILES, json.loads(said.stdout), strict=True):
        (tmp_path / "f.csv").write_text(content, newline="")
        read = read_table("f.csv", tmp_path)
        assert (read.columns, [list(row.values.values()) for row in read.rows]) == (header, rows), content
