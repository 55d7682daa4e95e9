import json
from pathlib import Path

import pytest
from rows import faults, table, texts

from potstill.data.rows import LONGEST_FIELD
from potstill.domain.errors import DataError


def test_json_values_are_read_as_text(tmp_path: Path) -> None:
    lines = [
        {"text": "a", "label": 1, "x": [1]},
        {"text": "b\u2028c\nd", "label": True},
        {"text": "e", "label": 1.0, "new": None},
        {"text": {"no": "text"}, "label": float("nan")},
    ]
    read = table(tmp_path, "\ufeff" + "\r\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "r.jsonl")
    assert read.columns == ["text", "label", "x", "new"]
    assert [(row.line, dict(row.values)) for row in read.rows] == [
        (1, {"text": "a", "label": "1", "x": None}),
        (3, {"text": "b\u2028c\nd", "label": "True"}),
        (5, {"text": "e", "label": "1.0", "new": ""}),
        (7, {"text": None, "label": ""}),
    ]


def test_hostile_json_lines_cost_a_row_each(tmp_path: Path) -> None:
    lines = [
        b'{"text": "fine", "label": 1}',
        b'{"text": "cut',
        b'["a", "list"]',
        b"null",
        b"[" * 100_000,
        b'{"text": "a", "label": ' + b"9" * 5_000 + b"}",
        b'{"text": "caf\xe9", "label": 1}',
        b'{"text": "\\ud800", "label": 1}',
        b'{"text": "\\u0000", "label": 1}',
        b'{"text": "\x00", "label": 1}',
        b'{"text": "' + b"x" * (LONGEST_FIELD + 1) + b'", "label": 1}',
        b'{"text": "\\ud83d\\ude00", "label": 0}',
    ]
    read = table(tmp_path, b"\n".join(lines), "r.jsonl")
    bad_json = dict.fromkeys(range(2, 7), "bad JSON")
    rest = {7: "bad encoding", 8: "bad encoding", 9: "NUL", 10: "NUL", 11: "over-long field"}
    assert faults(read) == bad_json | rest
    assert texts(read) == ["fine", "😀"]
    assert all(len(row.detail) < 200 for row in read.rows)


def test_a_file_without_one_object_is_refused_with_its_first_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no line holds a JSON object; line 2: bad JSON, text,label"):
        table(tmp_path, "\ntext,label\na,1\n", "r.jsonl")
