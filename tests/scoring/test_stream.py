"""Standard input and output."""

import json
from pathlib import Path

import pytest
from scored_files import rows_of, run

from potstill.domain.errors import DataError


def test_streams(tmp_path: Path) -> None:
    tally, out = run("-", "-", stdin=b"text,n\nfool,1\n,2\nfine,3\n", start="csv", to="jsonl")
    assert [json.loads(line)["n"] for line in out.splitlines()] == ["1", "3"]
    assert (tally.scored, tally.rejected) == (2, {"empty text": 1})
    run("-", tmp_path / "out.csv.gz", stdin=b'{"text":"fool"}\n', start="jsonl")
    assert rows_of(tmp_path / "out.csv.gz")[0]["label"] == "toxic"
    with pytest.raises(DataError, match="Parquet needs a file"):
        run("-", tmp_path / "out.parquet", stdin=b"text\na\n", start="csv")
    with pytest.raises(DataError, match='the column "new" appears after the header'):
        run("-", "-", stdin=b'{"text":"a"}\n' * 3 + b'{"text":"b","new":1}\n', start="jsonl", to="csv")


def test_a_stream_whose_first_rows_are_rejected_keeps_its_columns() -> None:
    tally, out = run("-", "-", stdin=b"text,n\n ,1\n ,2\n ,3\nfool,4\n", start="csv", to="csv")
    assert out.splitlines()[0] == b"text,n,label,score,flagged,truncated"
    assert (tally.rows, tally.scored) == (4, 1)
