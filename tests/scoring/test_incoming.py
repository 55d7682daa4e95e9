"""Rows as they come in: every kind of file, and what is refused or costs its row."""

import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scored_files import rows_of, run

from potstill.data.loading import load_dataset
from potstill.data.source import Source, Sources
from potstill.domain.errors import DataError
from potstill.scoring.formats import format_of
from potstill.scoring.incoming import open_incoming
from potstill.scoring.job import rejected_path


def test_rows_that_cannot_be_scored_are_told_with_line_and_reason(tmp_path: Path) -> None:
    content = b'id,text\n1,fool\n2,\n3,caf\xe9\n4,a,b\n5,"open\n6,nul\x00\n7, \xe2\x80\x8b\n8,last\n'
    (tmp_path / "in.csv").write_bytes(content)
    tally, _ = run(tmp_path / "in.csv", tmp_path / "out.csv")
    told = rows_of(rejected_path(str(tmp_path / "out.csv")))
    assert [(row["line"], row["reason"]) for row in told] == [
        (3, "empty text"), (4, "bad encoding"), (5, "ragged row"), (6, "ragged row"), (7, "NUL"), (8, "empty text"),
    ]  # fmt: skip
    assert [row["id"] for row in rows_of(tmp_path / "out.csv")] == ["1", "8"]
    assert tally.rows == tally.scored + sum((tally.rejected or {}).values()) == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,b\n", 'has a column "label" already'),
        ("comment\na\n", 'has no column "text"'),
        ("text,text\na,b\n", "more than one column"),
        ("a,a,text\n1,2,x\n", 'more than one column "a"'),
        ("text\n", "has no rows"),
        ("text\n\n", "has no rows"),
        ("", "is empty"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "in.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        run(tmp_path / "in.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_what_json_smuggles_in_costs_its_row(tmp_path: Path) -> None:
    deep = '{"text":"a","x":' + "[" * 500 + "]" * 500 + "}"
    (tmp_path / "in.jsonl").write_text('{"text":NaN}\n{"text":"fool","x":NaN}\n' + deep + '\n{"text":"b","x":[[1]]}\n')
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert [row["x"] for row in rows_of(tmp_path / "out.jsonl")] == [None, [[1]]]
    told = rows_of(rejected_path(str(tmp_path / "out.jsonl")))
    assert [(row["line"], row["reason"]) for row in told] == [(1, "missing text"), (3, "bad JSON")]


def test_one_line_cannot_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.data.json_lines.LONGEST_LINE", 100)
    (tmp_path / "in.jsonl").write_text('{"text":"a"}\n{"text":"' + "b" * 950 + '"}\n{"text":"c"}')
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert [row["text"] for row in rows_of(tmp_path / "out.jsonl")] == ["a", "c"]
    assert rows_of(rejected_path(str(tmp_path / "out.jsonl")))[0]["line"] == 2
    monkeypatch.setattr("potstill.data.csv_files.LONGEST_LINE", 100)
    (tmp_path / "in.csv").write_text("text\na\n" + "b" * 950 + "\n")
    with pytest.raises(DataError, match="line 3 has more than 100 characters"):
        run(tmp_path / "in.csv", tmp_path / "out.csv")


def test_a_torn_gzip_file_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"text\n" + b"".join(b"row %d\n" % row for row in range(5000)))
    (tmp_path / "in.csv.gz").write_bytes(packed[:-20])
    with pytest.raises(DataError, match="not a whole gzip file"):
        run(tmp_path / "in.csv.gz", tmp_path / "out.csv")
    with pytest.raises(DataError, match=r"none\.csv cannot be read: No such file"):
        run(tmp_path / "none.csv", tmp_path / "out.csv")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_the_header_tells_the_separator(tmp_path: Path, separator: str) -> None:
    lines = ["", "id;text;note", '1;"you; fool, you";x', "2;thanks, friend;y"]
    (tmp_path / "in.csv").write_text("\r\n".join(lines).replace(";", separator) + "\r\n")
    tally, _ = run(tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tally.rows, tally.scored) == (2, 2)
    rows = rows_of(tmp_path / "out.csv")
    assert [row["text"] for row in rows] == [f"you{separator} fool, you", "thanks, friend"]
    assert [row["label"] for row in rows] == ["toxic", "fine"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "\ufeffsep=;", ""])
def test_what_excel_writes_is_scored(tmp_path: Path, first: str) -> None:
    lines = [first, 'id;"text, in short"', '1;"you; fool, you"', "2;thanks, friend"]
    (tmp_path / "in.csv").write_text("\r\n".join(lines) + "\r\n")
    tally, _ = run(tmp_path / "in.csv", tmp_path / "out.csv", text="text, in short")
    assert (tally.rows, tally.scored) == (2, 2)
    assert [row["text, in short"] for row in rows_of(tmp_path / "out.csv")] == ["you; fool, you", "thanks, friend"]
    _, out = run("-", "-", stdin=(tmp_path / "in.csv").read_bytes(), start="csv", to="csv", text="text, in short")
    assert out == (tmp_path / "out.csv").read_bytes()


def test_text_in_plain_bytes_is_text(tmp_path: Path) -> None:
    table = pa.table({"text": pa.array([b"you fool", "größe".encode(), b"\xff"], pa.binary())})
    pq.write_table(table, tmp_path / "in.parquet")
    for target in (tmp_path / "out.parquet", tmp_path / "out.csv", tmp_path / "out.jsonl"):
        tally, _ = run(tmp_path / "in.parquet", target)
        assert (tally.scored, tally.rejected) == (2, {"bad encoding": 1})
        texts = [row["text"] for row in rows_of(target)]
        assert [text.decode() if isinstance(text, bytes) else text for text in texts] == ["you fool", "größe"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b"txt,label,x\x07\n1,1,1\n"),
        ("rows.csv", b"text,text,label\n1,1,1\n"),
        ("rows.jsonl", b'{"txt": "1", "label": "1"}\n'),
        ("rows.parquet", None),
    ],
)
def test_scoring_refuses_columns_in_the_words_of_a_study(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is None:
        pq.write_table(pa.table({"txt": ["1"], "label": ["1"]}), path)
    else:
        path.write_bytes(content)
    with pytest.raises(DataError) as study:
        load_dataset(Sources(Source(str(path))))
    with (
        pytest.raises(DataError) as scoring,
        open_incoming(path, io.BytesIO(), format_of(str(path)), "text") as incoming,
    ):
        list(incoming.rows)
    assert str(scoring.value) == str(study.value)
    assert str(path) in str(scoring.value)
