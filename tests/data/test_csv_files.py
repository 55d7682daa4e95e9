import csv
import gzip
import io
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from rows import faults, table, texts

from potstill.data.csv_files import FIELD_LIMIT, Lines, csv_rows
from potstill.data.rows import LONGEST_FIELD
from potstill.domain.errors import DataError


def test_a_row_is_numbered_by_the_line_on_which_it_begins(tmp_path: Path) -> None:
    content = 'text,label\r\n"one\r\ntwo\r\nthree",1\r\n\r\n\r\nfour,0\r\n"five ""quoted"", and ,",1\r\n'
    rows = table(tmp_path, content).rows
    assert [(row.number, row.line) for row in rows] == [(1, 2), (2, 7), (3, 8)]
    assert [row.values["text"] for row in rows] == ["one\r\ntwo\r\nthree", "four", 'five "quoted", and ,']


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", [True, False])
def test_any_line_ending_a_bom_and_a_missing_last_newline(tmp_path: Path, newline: str, mark: str, end: bool) -> None:
    content = mark + newline.join(["text,label", "a,1", "b,0"]) + (newline if end else "")
    read = table(tmp_path, content)
    assert read.columns == ["text", "label"]
    assert [(row.line, dict(row.values)) for row in read.rows] == [
        (2, {"text": "a", "label": "1"}),
        (3, {"text": "b", "label": "0"}),
    ]


def test_blank_lines_before_the_header_are_skipped(tmp_path: Path) -> None:
    read = table(tmp_path, "\n\r\ntext,label\na,1\n")
    assert (read.columns, read.rows[0].line) == (["text", "label"], 4)


def test_a_damaged_row_costs_one_row(tmp_path: Path) -> None:
    content = (
        b"text,label\n"
        b"caf\xe9 latin,1\n"  # 2
        b"good one,0\n"
        b"too,many,columns\n"  # 4
        b"too few\n"  # 5
        b"with \x00 NUL,1\n"  # 6
        b'"lines\nand \xff bytes",0\n'  # 7-8
        b"\xed\xa0\x80 a surrogate in disguise,1\n"  # 9
        b"caf\xc3\xa9 utf-8,1\n"
        b'"cut character \xe2\x82",1\n'  # 11
        b"last,0\n"
    )
    read = table(tmp_path, content)
    assert faults(read) == {
        2: "bad encoding",
        4: "ragged row",
        5: "ragged row",
        6: "NUL",
        7: "bad encoding",
        9: "bad encoding",
        11: "bad encoding",
    }
    assert texts(read) == ["good one", "café utf-8", "last"]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = ["text,label", "a,1", '"open,0', *(f"row {i},1" for i in range(500))]
    read = table(tmp_path, "\n".join(lines))
    bad = [row for row in read.rows if row.fault]
    assert [(row.line, row.fault) for row in bad] == [(3, "ragged row")]
    assert "opens here and is never closed" in bad[0].detail
    assert texts(read) == ["a", *(f"row {i}" for i in range(500))]


def test_an_open_quote_does_not_swallow_rows_up_to_the_next_quoted_one(tmp_path: Path) -> None:
    """Read leniently, lines 3 to 5 would be one row with the right number of columns and a wrong label."""
    content = 'id,text,label\n1,fine,0\n2,"open,0\n3,eaten,0\n4,"closes, here",1\n5,fine,1\n'
    lenient = list(csv.reader(io.StringIO('2,"open,0\n3,eaten,0\n4,"text",1\n')))
    assert [len(row) for row in lenient] == [3], "the trap exists"
    read = table(tmp_path, content)
    assert faults(read) == {3: "ragged row"}
    assert texts(read) == ["fine", "eaten", "closes, here", "fine"]


def test_a_file_with_an_open_quote_in_every_line_is_read_in_linear_time(tmp_path: Path) -> None:
    def seconds(rows: int) -> float:
        started = time.process_time()
        read = table(tmp_path, "text,label\n" + 'a,"open\n' * (rows + 1))
        assert len(read.rows) >= rows / 2
        read = table(tmp_path, "text,label\n" + '"open" x,1\n' * rows)
        assert Counter(row.fault for row in read.rows) == {"ragged row": rows}
        return time.process_time() - started

    assert seconds(30_000) < 40 * seconds(3_000), "in quadratic time it would be 100 times"


def test_a_long_field_is_read_and_one_that_is_too_long_is_named(tmp_path: Path) -> None:
    fits, too_long = "x" * LONGEST_FIELD, "y" * (LONGEST_FIELD + 1)
    read = table(tmp_path, f"text,label\n{fits},1\n{too_long},1\nz,0\n")
    assert faults(read) == {3: "over-long field"}
    assert texts(read) == [fits, "z"]
    assert len(read.rows[1].detail) < 200


def test_the_field_limit_of_the_process_is_left_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit(4_321)
    try:
        table(tmp_path, 'text,label\n"' + "x" * 10_000 + '",1\n')
        with pytest.raises(DataError):
            table(tmp_path, '"te"xt,label\na,1\n')
        assert csv.field_size_limit() == 4_321
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_csv_writes_is_read_back(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    alphabet = "ab ,\"\n\r\té😀\u2028\u0085;\\'\ufeff\u200b"
    rows = [["".join(rng.choices(alphabet, k=rng.randrange(12))) for _ in range(3)] for _ in range(40)]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["text", "label", "id"], *rows])
    read = table(tmp_path, out.getvalue())
    assert [[row.values[column] for column in ("text", "label", "id")] for row in read.rows] == rows
    lines = io.StringIO(out.getvalue(), newline="").readlines()
    for row in read.rows:
        begin = io.StringIO(newline="")
        csv.writer(begin).writerow([row.values[column] for column in ("text", "label", "id")])
        assert "".join(lines[row.line - 1 :]).startswith(begin.getvalue())


@pytest.mark.parametrize("seed", range(60))
def test_noise_is_read_or_refused_and_never_crashes(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    noise = bytes(rng.choice(b'ab01,,"\n\n\r\x00\xff\xc3\xa9\\{}[]:') for _ in range(rng.randrange(1, 400)))
    for name in ("rows.csv", "rows.jsonl"):
        try:
            read = table(tmp_path, b"text,label\n" + noise, name)
        except DataError:
            continue
        assert [row.number for row in read.rows] == list(range(1, len(read.rows) + 1))
        assert [row.line for row in read.rows] == sorted({row.line for row in read.rows})
        assert not any(row.fault and row.values for row in read.rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "rows.csv is empty"),
        (b"\xef\xbb\xbf", "rows.csv is empty"),
        (b"\n\n\n", "rows.csv is empty"),
        (b"text,label\n", "no rows"),
        (b'text,"label\n1,2\n', "line 1: the header cannot be read: a quote opens here"),
        (b"te\xffxt,label\na,1\n", "line 1: the header cannot be read: bad encoding"),
        (b"te\x00xt,label\na,1\n", "line 1: the header cannot be read: NUL"),
        (gzip.compress(b"text,label\na,1\n", mtime=0), r"end its name in \.gz"),
        (b"PK\x03\x04....", "spreadsheet"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_in_plain_words(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        table(tmp_path, content)


def reads_of(lines: int, end: str = "") -> int:
    """How many lines are taken from a file whose every line opens a quote, those that are read again counted again."""
    counted = 0

    class Counted(Lines):
        def __next__(self) -> str:
            nonlocal counted
            counted += 1
            return super().__next__()

    _, rows = csv_rows("f.csv", Counted(io.StringIO("a,b\n" + '",x","\n' * lines + end, newline="")), ",")
    assert Counter(row.fault for row in rows) == {"ragged row": lines + bool(end)}
    return counted


def test_quotes_that_open_in_each_line_are_read_in_linear_time() -> None:
    assert reads_of(4000) < 2.1 * reads_of(2000)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("most", [FIELD_LIMIT, 12])
def test_what_is_told_from_one_line_is_what_reading_on_would_find(
    seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a field grows too long."""
    draw = random.Random(seed)
    pieces = ['"', ",", "x", "\n", "\r\n", '""', '",x","\n', "a,b\n", "xxxxxx"]
    files = ["a,b\n" + "".join(draw.choices(pieces, k=draw.randint(1, 40))) for _ in range(150)]
    monkeypatch.setattr("potstill.data.csv_files.FIELD_LIMIT", most)
    told = [list(csv_rows("f.csv", Lines(io.StringIO(text, newline="")), ",")[1]) for text in files]
    monkeypatch.setattr("potstill.data.csv_files._records_within", lambda *given, **more: iter(()))
    assert told == [list(csv_rows("f.csv", Lines(io.StringIO(text, newline="")), ",")[1]) for text in files]


def test_a_field_that_is_too_long_is_read_once_not_from_each_quote_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.data.csv_files.FIELD_LIMIT", 10_000)
    assert reads_of(2000, end='"' + "x" * 10_001) < 3 * 2002


def test_a_row_of_too_many_lines_costs_those_that_open_a_quote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a quote that is never closed would keep the whole file in memory."""
    monkeypatch.setattr("potstill.data.csv_files.MOST_LINES", 100)
    read = table(tmp_path, "text,label\n" + '",x","\n' * 250 + '"fine\nfine",1\n')
    assert faults(read) == dict.fromkeys(range(2, 252), "ragged row")
    assert "is not closed up to line 101" in read.rows[0].detail
    assert texts(read) == ["fine\nfine"]
    monkeypatch.setattr("potstill.data.csv_files.RECORD_LIMIT", 300)
    read = table(tmp_path, 'text,label\n"open,1\n' + "a good row of some length,1\n" * 30)
    assert len(texts(read)) == 30
