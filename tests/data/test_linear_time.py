"""No file of a few bytes holds a study up, or fills the memory: the work grows as the file does, in every format."""

import gzip
import io
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rows import table

from potstill.data.loading import load_dataset
from potstill.data.source import Source, Sources
from potstill.domain.errors import DataError

TIMES = 16
CSV = b"text,kind\n" + b"".join(b"comment number %d,%d\n" % (row, row % 2) for row in range(40))
JSONL = b"".join(b'{"text": "comment number %d", "kind": %d}\n' % (row, row % 2) for row in range(40))


def parquet(rows: int) -> bytes:
    out = io.BytesIO()
    texts, kinds = [f"comment number {row}" for row in range(rows)], [row % 2 for row in range(rows)]
    pq.write_table(pa.table({"text": texts, "kind": kinds}), out)
    return out.getvalue()


def new_keys(rows: int) -> bytes:
    return JSONL + b"".join(b'{"text": "%d", "k%d": 1}\n' % (row, row) for row in range(rows))


KINDS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "rows": ("csv", lambda n: CSV + b"".join(b"text %d,1\n" % row for row in range(n))),
    "tabs": ("tsv", lambda n: (CSV + b"".join(b"text %d,1\n" % row for row in range(n))).replace(b",", b"\t")),
    "semicolons": ("csv", lambda n: (CSV + b"text,1\n" * n).replace(b",", b";")),
    "a quote in each line": ("csv", lambda n: CSV + b'",x","\n' * n),
    "a quote in each line of tabs": ("tsv", lambda n: (CSV + b'",x","\n' * n).replace(b",", b"\t")),
    "a quote in each line, packed": ("csv.gz", lambda n: gzip.compress(CSV + b'",x","\n' * n)),
    "a quote that closes badly": ("csv", lambda n: CSV + b'"open" x,1\n' * n),
    "a quote over blank lines": ("csv", lambda n: CSV + b'"' + b"\n" * n),
    "blank lines": ("csv", lambda n: CSV + b"\r" * n),
    "one line of commas": ("csv", lambda n: CSV + b"," * n + b"\n"),
    "columns": ("csv", lambda n: b"text,kind," + b",".join(b"c%d" % column for column in range(n)) + b"\na,1\n"),
    "columns of a header in a quote": ("csv", lambda n: b'"' + b'",x","\n' * n),
    "marks above and below": ("csv", lambda n: CSV + ("a" + "\u0301" * n + "\u0323" * n + ",1\n").encode()),
    "a new key in each line": ("jsonl", new_keys),
    "one key many times": ("jsonl", lambda n: JSONL + b"{" + b'"text": "a", ' * n + b'"kind": 1}\n'),
    "brackets": ("jsonl", lambda n: JSONL + b'{"text": "a", "x": [' + b"[], " * n + b"[]]}\n"),
    "blank lines of JSON": ("jsonl.gz", lambda n: gzip.compress(JSONL + b"\n" * n)),
    "rows of Parquet": ("parquet", parquet),
}  # fmt: skip


def seconds(folder: Path, ending: str, content: bytes) -> float:
    (folder / f"rows.{ending}").write_bytes(content)
    started = time.process_time()
    with suppress(DataError):
        load_dataset(Sources(Source(f"rows.{ending}", label="kind")), root=folder)
    return time.process_time() - started


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_sixteen_times_the_size_takes_so_many_times_as_long(tmp_path: Path, kind: str) -> None:
    ending, content = KINDS[kind]
    small = min(seconds(tmp_path, ending, content(2_000)) for _ in range(3))
    large = min(seconds(tmp_path, ending, content(2_000 * TIMES)) for _ in range(2))
    assert large < TIMES * TIMES / 2 * max(small, 0.02), "not 256 times"


def peak(folder: Path, name: str, content: bytes) -> int:
    """The most memory that reading the file took, in bytes; without what its own bytes take."""
    (folder / name).write_bytes(content)
    tracemalloc.start()
    try:
        load_dataset(Sources(Source(name, label="kind")), root=folder)
        return tracemalloc.get_traced_memory()[1] - len(content)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "content"),
    [("rows.csv.gz", CSV + b"\n" * 300_000), ("rows.jsonl.gz", JSONL + b"\n" * 1_000_000)],
    ids=["csv", "jsonl"],
)
def test_what_is_no_row_takes_no_memory(tmp_path: Path, name: str, content: bytes) -> None:
    """A gzip file of 60 million blank lines has 58 kB, and took 784 MB."""
    few = peak(tmp_path, name, gzip.compress(content[:10_000], 9))
    assert peak(tmp_path, name, gzip.compress(content, 9)) < few + 1_000_000


def test_a_header_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows\.csv\.gz: its first 100,000 lines are blank"):
        table(tmp_path, gzip.compress(b"\n" * 3_000_000 + CSV), "rows.csv.gz")
    with pytest.raises(DataError, match="no column"):
        load_dataset(Sources(Source("late.csv")), root=late(tmp_path, 99_999))


def late(folder: Path, blank: int) -> Path:
    (folder / "late.csv").write_bytes(b"\r\n" * blank + b"a,b\n1,2\n")
    return folder


def test_a_line_that_does_not_end_is_not_waited_for(tmp_path: Path) -> None:
    packed = gzip.compress(CSV + b"x" * 60_000_000, 1)
    with pytest.raises(DataError, match="line 42 has more than 20,000,000 characters"):
        table(tmp_path, packed, "rows.csv.gz")
    read = table(
        tmp_path, gzip.compress(JSONL + b'{"text": "' + b"x" * 60_000_000 + b'"}\n{"text": "last"}\n', 1), "r.jsonl.gz"
    )
    assert [(row.line, row.fault) for row in read.rows[40:]] == [(41, "over-long line"), (42, "")]


def test_a_text_that_stands_once_in_a_parquet_file_is_not_unpacked_for_every_row(tmp_path: Path) -> None:
    out = io.BytesIO()
    once = pa.DictionaryArray.from_arrays(pa.array([0] * 100), pa.array(["x" * 1_000_001]))
    pq.write_table(pa.table({"text": once, "kind": [1] * 100}), out, store_schema=False)
    assert len(out.getvalue()) < 100_000
    pool = pa.default_memory_pool()
    before = pool.max_memory()
    read = table(tmp_path, out.getvalue(), "rows.parquet")
    assert {row.fault for row in read.rows} == {"over-long field"}
    assert pool.max_memory() - before < 40_000_000, "all of them are 100 MB"
