import csv
import gzip
import io
import json
import random
import re
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from potstill.data.rows import LONGEST_EXCERPT, LONGEST_FIELD, excerpt
from potstill.data.tables import Table, read_table
from potstill.domain.errors import DataError


def table(folder: Path, content: bytes | str, name: str = "rows.csv") -> Table:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)
    return read_table(name, folder)


def faults(read: Table) -> dict[int, str]:
    return {row.line: row.fault for row in read.rows if row.fault}


def texts(read: Table) -> list[str | None]:
    return [row.values["text"] for row in read.rows if not row.fault]


# --- CSV


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


# --- JSON lines


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


# --- files


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.jsonl.gz", "ROWS.CSV.GZ"])
def test_gzip_is_unpacked_and_the_fingerprint_is_of_the_file(tmp_path: Path, name: str) -> None:
    content = b"text,label\na,1\n" if "csv" in name.lower() else b'{"text": "a", "label": 1}\n'
    packed = gzip.compress(content, mtime=0)
    read = table(tmp_path, packed, name)
    assert read.rows[0].values == {"text": "a", "label": "1"}
    assert read.fingerprint.startswith("sha256:")
    assert len(read.fingerprint) == len("sha256:") + 64
    assert read.fingerprint == table(tmp_path, packed, "copy-" + name).fingerprint
    assert read.fingerprint != table(tmp_path, gzip.compress(content, mtime=1), name).fingerprint


@pytest.mark.parametrize("damage", ["cut", "flipped", "plain", "tail"])
def test_damaged_gzip_is_refused(tmp_path: Path, damage: str) -> None:
    packed = bytearray(gzip.compress(b"text,label\n" + b"some comment,1\n" * 200))
    if damage == "flipped":
        packed[len(packed) // 2] ^= 0xFF
    content = {"cut": packed[:-9], "plain": b"text,label\na,1\n", "tail": packed + b"garbage"}.get(damage, packed)
    with pytest.raises(DataError, match="not a whole gzip file"):
        table(tmp_path, bytes(content), "rows.csv.gz")


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "training.csv").write_text("x")
    (tmp_path / "unrelated.bin").write_text("x")
    with pytest.raises(DataError, match=r"trainig\.csv does not exist\. Near it in .*: training\.csv\.") as caught:
        read_table("trainig.csv", tmp_path)
    assert "unrelated" not in str(caught.value)
    with pytest.raises(DataError, match=r"Its folder .* does not exist either"):
        read_table("nowhere/x.csv", tmp_path)


def test_folders_and_unknown_kinds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        read_table("folder.csv", tmp_path)
    with pytest.raises(DataError, match=r"must be one of \.csv, \.tsv, \.jsonl, \.csv\.gz, .* \.parquet"):
        read_table("rows.xlsx", tmp_path)


# --- several files, other separators, other encodings, Parquet


def test_several_files_and_patterns_are_one_table_with_every_row_once(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.csv"):
        (tmp_path / name).write_text(f"text,label\n{name} one,1\n{name} two,0\n")
    read = read_table(["c.csv", "*.csv"], tmp_path)
    assert [(row.number, row.place, row.values["text"]) for row in read.rows] == [
        (1, "c.csv, line 2", "c.csv one"),
        (2, "c.csv, line 3", "c.csv two"),
        (3, "a.csv, line 2", "a.csv one"),
        (4, "a.csv, line 3", "a.csv two"),
        (5, "b.csv, line 2", "b.csv one"),
        (6, "b.csv, line 3", "b.csv two"),
    ]
    assert read_table("[c].csv", tmp_path).rows[0].place == "line 2", "one file needs no name"
    assert read.fingerprint != read_table(["*.csv"], tmp_path).fingerprint
    with pytest.raises(DataError, match=r"x\*\.csv means no file in"):
        read_table("x*.csv", tmp_path)
    (tmp_path / "d.csv").write_text("text,lable\na,1\n")
    with pytest.raises(DataError, match=r'd\.csv has no column "label", which c\.csv has'):
        read_table(["c.csv", "d.csv"], tmp_path)


def test_a_name_that_looks_like_a_pattern_is_the_file_if_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "rows [1].csv").write_text("text,label\nthis,1\n")
    assert texts(read_table("rows [1].csv", tmp_path)) == ["this"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.tsv", 'text\tlabel\n"a, b;\tc"\t1\n'),
        ("rows.csv", 'text;label\n"a, b;\tc";1\n'),
        ("rows.csv", 'text\tlabel\n"a, b;\tc"\t1\n'),
        ("rows.csv", 'text,label\n"a, b;\tc",1\n'),
        ("rows.csv", '\r\rtext;label\r"a, b;\tc";1\r'),
    ],
)
def test_the_separator_is_told_by_the_name_or_the_header(tmp_path: Path, name: str, content: str) -> None:
    assert table(tmp_path, content, name).rows[0].values == {"text": "a, b;\tc", "label": "1"}


UNUSUAL = "text,label\nÇa va? Schön… “so” 👍,1\nplain,0\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("kind", [".csv", ".csv.gz", ".jsonl"])
def test_any_unicode_is_read_without_being_named(tmp_path: Path, encoding: str, kind: str) -> None:
    text = UNUSUAL if "csv" in kind else json.dumps({"text": "Ça va? Schön… “so” 👍"}, ensure_ascii=False) + "\n"
    raw = text.encode(encoding)
    read = table(tmp_path, gzip.compress(raw) if kind.endswith("gz") else raw, f"rows{kind}")
    assert read.rows[0].values["text"] == "Ça va? Schön… “so” 👍"
    assert bool(read.notes) == (encoding in ("utf-16-le", "utf-16-be")), "a guess is said"


def test_what_is_no_utf8_at_all_is_read_as_windows_does_and_said(tmp_path: Path) -> None:
    read = table(tmp_path, "text,label\nSchön … na ja,1\nplain,0\n".encode("windows-1252"))
    assert texts(read) == ["Schön … na ja", "plain"]
    assert read.notes == [
        'rows.csv has no mark of its encoding and is no UTF-8: read as windows-1252; `encoding = "..."` says otherwise.'
    ]
    read = table(tmp_path, b"text,label\nSch\xf6n \x81,1\n")
    assert "latin-1" in read.notes[0]


def test_one_damaged_byte_in_utf8_costs_one_row_not_the_encoding(tmp_path: Path) -> None:
    read = table(tmp_path, "text,label\nSchön,1\nbroken \udcff,1\nça,0\n".encode("utf-8", "surrogateescape"))
    assert texts(read) == ["Schön", "ça"]
    assert faults(read) == {3: "bad encoding"}
    assert read.notes == []


def test_a_named_encoding_is_taken_at_its_word(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes("text,label\nПривет,1\n".encode("windows-1251"))
    assert texts(read_table("rows.csv", tmp_path, "windows-1251")) == ["Привет"]
    with pytest.raises(DataError, match=r"rows\.csv is not utf-8: line 2 cannot be read"):
        read_table("rows.csv", tmp_path, "utf8")
    with pytest.raises(DataError, match='there is no encoding "latin-9000"'):
        read_table("rows.csv", tmp_path, "latin-9000")
    (tmp_path / "cut.csv").write_bytes("text,label\na,1\n".encode("utf-16")[:-1])
    with pytest.raises(DataError, match="is not utf-16-le: line 2 cannot be read"):
        read_table("cut.csv", tmp_path)


def test_parquet_of_any_plain_type(tmp_path: Path) -> None:
    columns = {
        "text": pa.array(["one\n", None, "x" * (LONGEST_FIELD + 1), "👍"]),
        "label": pa.array([1, 0, None, 1], pa.int8()),
        "share": pa.array([0.5, float("nan"), 1.0, 2.0]),
        "raw": pa.array([b"abc", b"\xff", b"", b"d"]),
        "many": pa.array([[1], [], None, [2]]),
    }
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    read = read_table("rows.parquet", tmp_path)
    assert read.columns == list(columns)
    assert read.rows[0].values == {"text": "one\n", "label": "1", "share": "0.5", "raw": "abc", "many": None}
    assert [(row.place, row.fault) for row in read.rows] == [
        ("row 1", ""),
        ("row 2", "bad encoding"),
        ("row 3", "over-long field"),
        ("row 4", ""),
    ]


@pytest.mark.parametrize("content", [b"PAR1", b"text,label\na,1\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"rows\.parquet is no whole Parquet file"):
        table(tmp_path, content, "rows.parquet")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1 and so on", "end its name in .parquet"),
        (b"<!DOCTYPE html><p>Not found", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"PK\x03\x04", "save it as CSV"),
        (b"\xfd7zXZ\0", "unpack it"),
    ],
)
def test_what_is_something_else_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        table(tmp_path, content)


@pytest.mark.parametrize("text", ["\x1b[31mred\x07", "a\nb\tc\rd", "\ud800x", "x" * 500, "\u202etxt\u200b", ""])
def test_an_excerpt_is_short_and_safe_to_print(text: str) -> None:
    shown = excerpt(text)
    assert len(shown) <= LONGEST_EXCERPT
    assert all(char.isprintable() for char in shown)
    shown.encode()
