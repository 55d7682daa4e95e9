import gzip
import json
from pathlib import Path

import pytest
from rows import faults, table, texts

from potstill.data.formats import read_table
from potstill.domain.errors import DataError

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
        'rows.csv has no byte-order mark and is not UTF-8: read as windows-1252; `encoding = "..."` says otherwise.'
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
    with pytest.raises(DataError, match='there is no encoding "zlib"'):
        read_table("rows.csv", tmp_path, "zlib")
    (tmp_path / "cut.csv").write_bytes("text,label\na,1\n".encode("utf-16")[:-1])
    with pytest.raises(DataError, match="is not utf-16-le: line 2 cannot be read"):
        read_table("cut.csv", tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "shift_jis", "utf8", "windows-1251"])
def test_the_line_that_is_not_in_the_encoding_is_named_however_long_the_file_is(tmp_path: Path, encoding: str) -> None:
    text = "text,label\n" + "abcdefg,1\n" * 40_000
    damage = {"utf-16-le": b"\x00\xd8a\x00", "shift_jis": b"\x81\x20", "utf8": b"\xff", "windows-1251": b"\x98"}
    (tmp_path / "rows.csv").write_bytes(text.encode(encoding) + damage[encoding] + text.encode(encoding))
    with pytest.raises(DataError, match="line 40002 cannot be read"):
        read_table("rows.csv", tmp_path, encoding)


def test_a_mark_is_taken_off_whoever_named_the_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-32-be", "gb18030"):
        mark = "" if encoding == "utf-16" else "\ufeff"
        (tmp_path / "rows.csv").write_bytes(f"{mark}text\né\n".encode(encoding))
        read = read_table("rows.csv", tmp_path, encoding)
        assert (read.columns, texts(read)) == (["text"], ["é"])
