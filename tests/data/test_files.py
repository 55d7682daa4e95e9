import gzip
import re
from pathlib import Path

import pytest
from rows import table

from potstill.data.formats import read_table
from potstill.domain.errors import DataError


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
