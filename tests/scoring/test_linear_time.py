"""No file of a few bytes holds `score` up, or fills the memory: its work grows as the file does, in every format."""

import gzip
import io
import json
import time
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scored_files import run
from stub import CALIBRATION, TASK, stub

from potstill.domain.errors import DataError
from potstill.domain.predictor import Logits
from potstill.scoring.formats import Kind
from potstill.scoring.job import PART_ROWS, Scorer

TIMES = 16
CSV = b"text,kind\ncomment,1\n"
JSONL = b'{"text": "comment", "kind": 1}\n'
SCORER = Scorer(stub, TASK, CALIBRATION, "stub")


def parquet(rows: int) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": [f"comment {row}" for row in range(rows)]}), out)
    return out.getvalue()


def wide(columns: int) -> bytes:
    return b"text," + b",".join(b"c%d" % column for column in range(columns)) + b"\n" + b"a" + b"," * columns + b"\n"


def new_keys(rows: int) -> bytes:
    return JSONL + b"".join(b'{"text": "%d", "k%d": 1}\n' % (row, row) for row in range(rows))


def new_inner_keys(rows: int) -> bytes:
    return JSONL + b"".join(b'{"text": "a", "x": {"k%d": [{"%d": 1}]}}\n' % (row, row) for row in range(rows))


KINDS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "rows": ("csv", lambda n: CSV + b"text,1\n" * n),
    "a quote in each line": ("csv", lambda n: CSV + b'",x","\n' * n),
    "a quote in each line, packed": ("csv.gz", lambda n: gzip.compress(CSV + b'",x","\n' * n)),
    "a quote over blank lines": ("csv", lambda n: CSV + b'"' + b"\n" * n),
    "blank lines": ("csv.gz", lambda n: gzip.compress(CSV + b"\r" * n)),
    "columns": ("csv", wide),
    "marks above and below": ("csv", lambda n: CSV + ("a" + "\u0301" * n + "\u0323" * n + ",1\n").encode()),
    "a new key in each line": ("jsonl", new_keys),
    "a new key within each line": ("jsonl", new_inner_keys),
    "brackets": ("jsonl.gz", lambda n: gzip.compress(JSONL + b'{"text": "a", "x": [' + b"[], " * n + b"[]]}\n")),
    "rows of Parquet": ("parquet", parquet),
}  # fmt: skip


def seconds(folder: Path, ending: str, content: bytes, target: str) -> float:
    (folder / f"rows.{ending}").write_bytes(content)
    started = time.process_time()
    with suppress(DataError):  # too many keys
        run(folder / f"rows.{ending}", folder / target, part_rows=PART_ROWS)
    return time.process_time() - started


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_sixteen_times_the_size_takes_so_many_times_as_long(tmp_path: Path, kind: str, target: str) -> None:
    ending, content = KINDS[kind]
    small = min(seconds(tmp_path, ending, content(500), f"{place}{target}") for place in range(3))
    large = min(seconds(tmp_path, ending, content(500 * TIMES), f"{place}large{target}") for place in range(2))
    assert large < TIMES * TIMES / 2 * max(small, 0.02), "not 256 times"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_stream_takes_no_longer_than_a_file(kind: Kind) -> None:
    def seconds_of(lines: int) -> float:
        content = CSV + b'",x","\n' * lines if kind == "csv" else JSONL + b'{"text": "a"}\n' * lines
        started = time.process_time()
        run("-", "-", stdin=content, start=kind, to=kind)
        return time.process_time() - started

    assert seconds_of(500 * TIMES) < TIMES * TIMES / 2 * max(min(seconds_of(500) for _ in range(3)), 0.02)


def test_keys_that_differ_from_row_to_row_make_no_table(tmp_path: Path) -> None:
    """A table of 20,000 rows by as many columns took 90 s and 1.27 GB."""
    rows = [{"text": "fool", f"k{row}": row} for row in range(1_001)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for target in ("out.parquet", "out.csv"):
        with pytest.raises(DataError, match=r"more than 1,000 different keys.*write \.jsonl"):
            run(tmp_path / "in.jsonl", tmp_path / target)
        assert not (tmp_path / target).exists()
    tally, _ = run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert tally.scored == 1_001
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": "a", "x": row}) + "\n" for row in rows))
    with pytest.raises(DataError, match=r"objects within the rows have more than 1,000 different keys"):
        run(tmp_path / "in.jsonl", tmp_path / "objects.parquet", part_rows=PART_ROWS)
    (tmp_path / "in.csv").write_bytes(wide(1_500))
    run(tmp_path / "in.csv", tmp_path / "wide.parquet")
    assert pq.read_schema(tmp_path / "wide.parquet").names[-5:-3] == ["c1499", "label"]


def peak(folder: Path, name: str, content: bytes, target: str) -> int:
    (folder / name).write_bytes(content)
    tracemalloc.start()
    try:
        run(folder / name, folder / target, scorer=SCORER, part_rows=PART_ROWS)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


ROW = "x" * 200_000
"""Much beside a short text: the rows of a part are told by all that they hold."""


@pytest.mark.parametrize(
    ("name", "unit", "few", "many"),
    [
        ("rows.csv.gz", b"\n", 1_000, 300_000),
        ("rows.jsonl.gz", b"\n", 1_000, 1_000_000),
        ("rows.csv", f"a,{ROW}\n".encode(), 40, 300),
        ("rows.jsonl", f'{{"text": "a", "kind": "{ROW}"}}\n'.encode(), 40, 300),
    ],
)
def test_memory_is_constant(tmp_path: Path, name: str, unit: bytes, few: int, many: int) -> None:
    start = CSV if "csv" in name else JSONL

    def content(units: int) -> bytes:
        return gzip.compress(start + unit * units) if name.endswith("gz") else start + unit * units

    small = peak(tmp_path, name, content(few), "few.jsonl")
    assert peak(tmp_path, name, content(many), "many.jsonl") < small + 2_000_000


def test_a_parquet_file_is_read_a_few_rows_at_a_time(tmp_path: Path) -> None:
    once = pa.DictionaryArray.from_arrays(pa.array([0] * 300), pa.array(["x" * 500_000]))
    pq.write_table(pa.table({"text": ["a"] * 300, "more": once}), tmp_path / "in.parquet", store_schema=False)
    assert (tmp_path / "in.parquet").stat().st_size < 100_000
    parts: list[int] = []

    def read(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        parts.append(len(texts))
        return stub(texts)

    run(
        tmp_path / "in.parquet",
        tmp_path / "out.jsonl",
        scorer=Scorer(read, TASK, CALIBRATION, "stub"),
        part_rows=PART_ROWS,
    )
    assert max(parts) < 20, "4 million characters are a part"
