"""Files as they come: each ends in used rows, every other one counted, or in a refusal that names the file."""

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from potstill.data.loading import load_dataset
from potstill.data.source import Source, Sources
from potstill.domain.dataset import Dataset
from potstill.domain.errors import DataError

GOOD = "".join(f"comment number {n},{n % 2}\n" for n in range(40))
CSV = f"text,label\n{GOOD}"
JSONL = "".join(json.dumps({"text": f"comment number {n}", "label": n % 2}) + "\n" for n in range(40))


def parquet(**columns: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


TEXTS = [f"comment number {n}" for n in range(40)]
USED: dict[str, tuple[str, bytes, int]] = {
    "a byte-order mark": ("r.csv", b"\xef\xbb\xbf" + CSV.encode(), 40),
    "UTF-16": ("r.csv", CSV.encode("utf-16"), 40),
    "UTF-16 without a mark": ("r.csv", CSV.encode("utf-16-le"), 40),
    "UTF-32": ("r.jsonl", JSONL.encode("utf-32"), 40),
    "Windows-1252": ("r.csv", CSV.encode() + "Schön,1\nFußball,0\n".encode("windows-1252"), 42),
    "two damaged bytes in UTF-8": ("r.csv", CSV.encode() + "Schön é ü,1\n".encode() + b"a \xff b \xfe,0\n", 41),
    "Windows line ends": ("r.csv", CSV.replace("\n", "\r\n").encode(), 40),
    "old Mac line ends": ("r.csv", CSV.replace("\n", "\r").encode(), 40),
    "no newline at the end": ("r.csv", CSV.rstrip().encode(), 40),
    "blank lines": ("r.csv", CSV.replace("\n", "\n\n\n").encode(), 40),
    "a quoted newline": ("r.csv", CSV.encode() + b'"one\ntwo",1\n', 41),
    "a quote that never closes": ("r.csv", CSV.encode() + b'"never,1\nlast one,0\n', 41),
    "a quote in the middle": ("r.csv", CSV.encode() + b'it is 6" long,1\n', 41),
    "ragged rows": ("r.csv", CSV.encode() + b"a,b,c\nd\n", 40),
    "NUL": ("r.csv", CSV.encode() + b"a\0b,1\n", 40),
    "a field of ten million characters": ("r.csv", CSV.encode() + b"x" * 10_000_001 + b",1\nlast one,0\n", 41),
    "a field of two million characters": ("r.csv", CSV.encode() + b"x" * 2_000_000 + b",1\n", 40),
    "empty texts": ("r.csv", CSV.encode() + b",1\n  ,0\n\xe2\x80\x8b,1\n", 40),
    "missing labels": ("r.csv", CSV.encode() + b"a,\nb,  \n", 40),
    "contradicting rows": ("r.csv", CSV.encode() + b"same,1\nsame,0\n", 40),
    "semicolons": ("r.csv", CSV.replace(",", ";").encode(), 40),
    "what Excel puts first": ("r.csv", b"sep=;\r\n" + CSV.replace(",", ";").encode(), 40),
    "a header in quotes, with commas": (
        "r.csv",
        ('text;label;"a, b, c"\n' + GOOD.replace(",", ";").replace("\n", ";\n")).encode(),
        40,
    ),
    "tabs": ("r.tsv", CSV.replace(",", "\t").encode(), 40),
    "gzip": ("r.csv.gz", gzip.compress(CSV.encode()), 40),
    "gzip in two pieces": ("r.csv.gz", gzip.compress(CSV[:100].encode()) + gzip.compress(CSV[100:].encode()), 40),
    "a formula": ("r.csv", CSV.encode() + b'"=cmd|calc",1\n', 41),
    "escape sequences": ("r.csv", CSV.encode() + b"\x1b[2J\x07 bell,1\n", 41),
    "right to left": ("r.csv", CSV.encode() + "\u202eevil\u202c,1\n".encode(), 41),
    "JSON that is none": ("r.jsonl", JSONL.encode() + b"{\n[1]\nnull\n", 40),
    "JSON with NaN and lists": (
        "r.jsonl",
        JSONL.encode() + b'{"text": NaN, "label": 1}\n{"text": [], "label": 1}\n',
        40,
    ),
    "deep JSON": ("r.jsonl", JSONL.encode() + b'{"text": ' + b"[" * 100_000 + b"\n", 40),
    "half a surrogate pair": ("r.jsonl", JSONL.encode() + b'{"text": "\\ud800", "label": 1}\n', 40),
    "U+2028 in JSON": ("r.jsonl", JSONL.encode() + '{"text": "a\u2028b", "label": 1}\n'.encode(), 41),
    "Parquet": ("r.parquet", parquet(text=TEXTS, label=[n % 2 for n in range(40)]), 40),
    "Parquet with nulls": ("r.parquet", parquet(text=[*TEXTS, None], label=[*[n % 2 for n in range(40)], 1]), 40),
    "Parquet of bytes": ("r.parquet", parquet(text=[text.encode() for text in TEXTS], label=[0, 1] * 20), 40),
}
REFUSED: dict[str, tuple[str, bytes, str]] = {
    "an empty file": ("r.csv", b"", "is empty"),
    "a header alone": ("r.csv", b"text,label\n", "has no rows"),
    "no header": ("r.csv", GOOD.encode(), 'has no column "text"'),
    "a column twice": ("r.csv", b"text,label,text\na,1,b\n", 'more than one column "text"'),
    "one label only": ("r.csv", b"text,label\n" + b"".join(b"c %d,1\n" % n for n in range(40)), "at least two labels"),
    "a number for a label": (
        "r.csv",
        b"text,label\n" + b"".join(b"c %d,%d\n" % (n, n) for n in range(80)),
        "different",
    ),
    "no usable row": ("r.csv", b"text,label\n,1\n,0\n", "no usable row"),
    "a cut gzip file": ("r.csv.gz", gzip.compress(CSV.encode())[:-9], "not a whole gzip file"),
    "gzip by another name": ("r.csv", gzip.compress(CSV.encode()), "end its name in .gz"),
    "a spreadsheet": ("r.csv", b"PK\x03\x04....", "save it as CSV"),
    "a web page": ("r.csv", b"<!DOCTYPE html><title>404</title>", "web page"),
    "a pointer of Git LFS": ("r.csv", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "Parquet by another name": ("r.csv", parquet(text=["a"], label=[1]), "end its name in .parquet"),
    "a cut Parquet file": ("r.parquet", parquet(text=TEXTS, label=[0, 1] * 20)[:-20], "not a whole Parquet file"),
    "JSON that is one list": ("r.jsonl", b'[{"text": "a", "label": 1}]\n', "no line holds a JSON object"),
    "an unknown kind": ("r.docx", b"PK", "must be one of"),
    "no header for long": ("r.csv", b"\n" * 200_000 + CSV.encode(), "its first 100,000 lines are blank"),
    "half a UTF-16 letter": ("r.csv", CSV.encode("utf-16")[:-1], "cannot be read"),
}


def load(folder: Path, name: str, content: bytes) -> Dataset:
    (folder / name).write_bytes(content)
    return load_dataset(Sources(Source(name)), root=folder)


@pytest.mark.parametrize("kind", USED)
def test_rows_are_used_and_all_of_them_counted(tmp_path: Path, kind: str) -> None:
    name, content, used = USED[kind]
    data = load(tmp_path, name, content)
    (source,) = data.account.sources
    assert source.balances()
    assert source.used == used
    assert len(data.train) + len(data.validation) + len(data.test) == used
    said = "\n".join(data.account.describe(data.task.labels))
    assert said.isprintable() or all(char.isprintable() or char == "\n" for char in said)


@pytest.mark.parametrize("kind", REFUSED)
def test_the_refusal_names_the_file_and_the_reason(tmp_path: Path, kind: str) -> None:
    name, content, said = REFUSED[kind]
    with pytest.raises(DataError) as caught:
        load(tmp_path, name, content)
    assert said in str(caught.value)
    assert name in str(caught.value)


def test_the_list_is_long_enough() -> None:
    assert len(USED) + len(REFUSED) >= 25
