"""Files in, files out, on a stub predictor that is quick and says so, and on a real bundle at the end."""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stub import CALIBRATION, STUB, TASK, stub

from potstill.domain.errors import DataError
from potstill.domain.measures import Calibration, Threshold
from potstill.domain.predictor import Logits
from potstill.scoring.formats import Kind, format_of
from potstill.scoring.incoming import Row
from potstill.scoring.job import Job, Scorer, Tally, blocks, rejected_path
from potstill.scoring.score import score


def run(
    source: Path | str, target: Path | str, *, scorer: Scorer = STUB, stdin: bytes = b"", to: Kind | None = None,
    start: Kind | None = None, part_rows: int = 3, safe: bool = False, prefix: str = "", text: str = "text",
) -> tuple[Tally, bytes]:  # fmt: skip
    out = io.BytesIO()
    job = Job(
        str(source),
        str(target),
        format_of(str(source), start),
        format_of(str(target), to),
        text,
        prefix,
        safe,
        part_rows,
    )
    return score(job, scorer, lambda *_: None, stdin=io.BytesIO(stdin), stdout=out), out.getvalue()


def write_csv(path: Path, rows: int = 10) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "note"])
        writer.writerows([row, "you fool" if row % 2 else "thanks,\n friend", "=1+1"] for row in range(rows))
    return path


def rows_of(path: Path) -> list[dict[Any, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if path.name.endswith((".csv", ".csv.gz")):
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    return [json.loads(line) for line in content.splitlines()]


@pytest.mark.parametrize("target", ["out.csv", "out.csv.gz", "out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_every_format_keeps_columns_and_order(tmp_path: Path, target: str) -> None:
    source = write_csv(tmp_path / "in.csv")
    tally, _ = run(source, tmp_path / target)
    rows = rows_of(tmp_path / target)
    assert (tally.rows, tally.scored, tally.rejected) == (10, 10, {})
    assert list(rows[0]) == ["id", "text", "note", "label", "score", "flagged", "truncated"]
    assert [row["id"] for row in rows] == [str(number) for number in range(10)]
    assert rows[0]["text"] == "thanks,\n friend"
    assert [row["label"] for row in rows] == ["fine", "toxic"] * 5
    assert [str(row["flagged"]).lower() for row in rows] == ["false", "true"] * 5
    assert float(str(rows[1]["score"])) == pytest.approx(0.880797)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.csv", target])


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {"n": pa.array([1, None], pa.int16()), "text": ["a", "fool"], "when": pa.array([0, 1], pa.date32())}
    )
    pq.write_table(table, tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out.parquet", part_rows=1)
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.select(["n", "text", "when"]).equals(table)
    run(tmp_path / "in.parquet", tmp_path / "out.jsonl")
    assert rows_of(tmp_path / "out.jsonl")[0]["when"] == "1970-01-01"


def test_json_rows_may_differ_and_keep_their_values(tmp_path: Path) -> None:
    rows = [{"text": "fool", "a": [1, {"b": None}]}, {"c": 1.5, "text": "x"}, {"text": 7, "a": None}, {"text": "y"}]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl", part_rows=1)
    found = rows_of(tmp_path / "out.jsonl")
    assert [{key: row[key] for key in before} for row, before in zip(found, rows, strict=True)] == rows
    run(tmp_path / "in.jsonl", tmp_path / "out.csv", part_rows=1)
    assert list(rows_of(tmp_path / "out.csv")[0])[:3] == ["text", "a", "c"]


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


def test_formulas_are_guarded_where_asked(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", rows=1)
    run(source, tmp_path / "plain.csv")
    run(source, tmp_path / "safe.csv", safe=True)
    assert rows_of(tmp_path / "plain.csv")[0]["note"] == "=1+1"
    assert rows_of(tmp_path / "safe.csv")[0]["note"] == "'=1+1"


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


def test_a_target_that_is_the_source_is_refused(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv")
    (tmp_path / "link.csv").symlink_to(source)
    before = source.read_bytes()
    for target in (source, tmp_path / "link.csv"):
        with pytest.raises(DataError, match="would be overwritten"):
            run(source, target)
    side = write_csv(tmp_path / "out.csv.rejected.jsonl")
    with pytest.raises(DataError, match="would be overwritten"):
        run(side, tmp_path / "out.csv", start="csv")
    assert source.read_bytes() == side.read_bytes() == before


def test_a_target_that_cannot_be_is_refused_before_the_work(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is no plain file"):
        run(source, tmp_path / "folder.csv")
    with pytest.raises(DataError, match="there is no folder"):
        run(source, tmp_path / "nowhere" / "out.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="is a stream; name it as -"):
        run(tmp_path / "pipe.csv", tmp_path / "out.csv")


def test_a_link_is_followed(tmp_path: Path) -> None:
    source, real = write_csv(tmp_path / "in.csv"), tmp_path / "real.csv"
    real.touch()
    (tmp_path / "link.csv").symlink_to(real)
    run(source, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len(rows_of(real)) == 10


def test_a_refused_call_does_not_stand_in_the_way_of_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("comment,label\nfool,b\n")
    with pytest.raises(DataError, match='no column "text"'):
        run(tmp_path / "in.csv", tmp_path / "out.csv")
    with pytest.raises(DataError, match="already"):
        run(tmp_path / "in.csv", tmp_path / "out.csv", text="comment")
    tally, _ = run(tmp_path / "in.csv", tmp_path / "out.csv", text="comment", prefix="pred_")
    assert tally.scored == 1


def test_where_no_row_could_be_scored_the_side_file_says_why(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,n\n ,1\n ,2\n")
    with pytest.raises(DataError, match="no row could be scored"):
        run(tmp_path / "in.csv", tmp_path / "out.csv")
    assert [row["line"] for row in rows_of(rejected_path(str(tmp_path / "out.csv")))] == [2, 3]
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path / "out.csv.parts").exists()


def test_columns_that_come_late_reach_parquet(tmp_path: Path) -> None:
    rows = [{"text": "a"}, {"text": "b", "new": "two"}, {"text": "c", "new": "three"}, {"text": "d"}]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    run(tmp_path / "in.jsonl", tmp_path / "out.parquet", part_rows=2)
    assert [row["new"] for row in rows_of(tmp_path / "out.parquet")] == [None, "two", "three", None]


@pytest.mark.parametrize("values", [[1, "a"], [2**80, 1], ["\ud83d", "a"], [{}, {}]])
def test_values_that_no_parquet_type_holds_are_refused(tmp_path: Path, values: list[object]) -> None:
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps({"text": "a", "x": value}) for value in values))
    with pytest.raises(DataError, match=r"write \.jsonl instead"):
        run(tmp_path / "in.jsonl", tmp_path / "out.parquet")
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert [row["x"] for row in rows_of(tmp_path / "out.jsonl")] == values


def test_what_json_smuggles_in_costs_its_row(tmp_path: Path) -> None:
    deep = '{"text":"a","x":' + "[" * 500 + "]" * 500 + "}"
    (tmp_path / "in.jsonl").write_text('{"text":NaN}\n{"text":"fool","x":NaN}\n' + deep + '\n{"text":"b","x":[[1]]}\n')
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert [row["x"] for row in rows_of(tmp_path / "out.jsonl")] == [None, [[1]]]
    told = rows_of(rejected_path(str(tmp_path / "out.jsonl")))
    assert [(row["line"], row["reason"]) for row in told] == [(1, "missing text"), (3, "bad JSON")]


def test_one_line_cannot_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.scoring.incoming.LONGEST_LINE", 100)
    (tmp_path / "in.jsonl").write_text('{"text":"a"}\n{"text":"' + "b" * 950 + '"}\n{"text":"c"}')
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert [row["text"] for row in rows_of(tmp_path / "out.jsonl")] == ["a", "c"]
    assert rows_of(rejected_path(str(tmp_path / "out.jsonl")))[0]["line"] == 2
    (tmp_path / "in.csv").write_text("text\na\n" + "b" * 950 + "\n")
    with pytest.raises(DataError, match="line 3 has more than 100 characters"):
        run(tmp_path / "in.csv", tmp_path / "out.csv")


def test_long_texts_make_short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.scoring.job.PART_CHARACTERS", 10)
    rows = [Row(number, text=text) for number, text in enumerate(["a" * 4, "b" * 4, "c" * 4, "d" * 50, "e", "f", "g"])]
    assert [[row.line for row in block] for block in blocks(iter(rows), 2)] == [[0, 1], [2, 3], [4, 5], [6]]
    assert [[row.line for row in block] for block in blocks(iter(rows), 5)] == [[0, 1, 2], [3], [4, 5, 6]]


def test_a_stream_whose_first_rows_are_rejected_keeps_its_columns() -> None:
    tally, out = run("-", "-", stdin=b"text,n\n ,1\n ,2\n ,3\nfool,4\n", start="csv", to="csv")
    assert out.splitlines()[0] == b"text,n,label,score,flagged,truncated"
    assert (tally.rows, tally.scored) == (4, 1)


@pytest.mark.parametrize("cell", ["=1", " =1", "\n=1", "\u200b+1", "\uff1d1", "@x", "-1", "\u00a0=1"])
def test_no_cell_begins_as_a_formula_does(tmp_path: Path, cell: str) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": "a", "x": cell, cell: "y"}))
    run(tmp_path / "in.jsonl", tmp_path / "out.csv", safe=True)
    row = rows_of(tmp_path / "out.csv")[0]
    assert row["x"] == f"'{cell}"
    assert f"'{cell}" in row


def test_a_prefix_makes_room_for_the_added_columns(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,label\nfool,b\n")
    run(tmp_path / "in.csv", tmp_path / "out.csv", prefix="pred_")
    row = rows_of(tmp_path / "out.csv")[0]
    assert (row["label"], row["pred_label"]) == ("b", "toxic")


def test_a_torn_gzip_file_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"text\n" + b"".join(b"row %d\n" % row for row in range(5000)))
    (tmp_path / "in.csv.gz").write_bytes(packed[:-20])
    with pytest.raises(DataError, match="not a whole gzip file"):
        run(tmp_path / "in.csv.gz", tmp_path / "out.csv")
    with pytest.raises(DataError, match=r"none\.csv cannot be read: No such file"):
        run(tmp_path / "none.csv", tmp_path / "out.csv")


def test_a_job_that_was_cut_continues_where_it_stopped(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", rows=20)
    seen: list[str] = []

    def cut(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        seen.extend(texts)
        if len(seen) > 12:
            raise KeyboardInterrupt
        return stub(texts)

    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "out.csv", scorer=Scorer(cut, TASK, CALIBRATION, "stub"))
    with pytest.raises(DataError, match="parts of another job"):
        run(source, tmp_path / "out.csv", prefix="other_")
    with pytest.raises(DataError, match="parts of another job"):
        run(source, tmp_path / "out.csv", scorer=Scorer(stub, TASK, CALIBRATION, "another model"))
    seen.clear()

    def count(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        seen.extend(texts)
        return stub(texts)

    stamp = source.stat()
    os.utime(source)
    with pytest.raises(DataError, match="parts of another job"):
        run(source, tmp_path / "out.csv")
    os.utime(source, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    tally, _ = run(source, tmp_path / "out.csv", scorer=Scorer(count, TASK, CALIBRATION, "stub"))
    run(source, tmp_path / "whole.csv")
    assert len(seen) == 8, "four parts of three rows were there"
    assert tally.rows == 20
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_kill_while_the_parts_are_removed_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = write_csv(tmp_path / "in.csv", rows=20), tmp_path / "out.csv"
    run(source, tmp_path / "whole.csv")

    def cut(folder: Path, **_: object) -> None:
        for part in [*folder.glob("*.jsonl"), *folder.glob("*.rejected")][::2]:
            part.unlink()
        if folder.is_dir():
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("potstill.scoring.score.shutil.rmtree", cut)
        with pytest.raises(KeyboardInterrupt):
            run(source, target)
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    run(source, target)
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "whole.csv"]


def test_parts_that_lack_rows_are_made_again(tmp_path: Path) -> None:
    source, target = write_csv(tmp_path / "in.csv", rows=20), tmp_path / "out.csv"
    run(source, tmp_path / "whole.csv")

    def cut(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        if (tmp_path / "out.csv.parts" / "0000004.json").is_file():
            raise KeyboardInterrupt
        return stub(texts)

    with pytest.raises(KeyboardInterrupt):
        run(source, target, scorer=Scorer(cut, TASK, CALIBRATION, "stub"))
    (tmp_path / "out.csv.parts" / "0000002.jsonl").unlink()
    (tmp_path / "out.csv.parts" / "0000003.rejected").unlink()
    run(source, target)
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("separator", [";", "\t"])
def test_the_header_tells_the_separator(tmp_path: Path, separator: str) -> None:
    lines = ["", "id;text;note", '1;"you; fool, you";x', "2;thanks, friend;y"]
    (tmp_path / "in.csv").write_text("\r\n".join(lines).replace(";", separator) + "\r\n")
    tally, _ = run(tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tally.rows, tally.scored) == (2, 2)
    found = rows_of(tmp_path / "out.csv")
    assert [row["text"] for row in found] == [f"you{separator} fool, you", "thanks, friend"]
    assert [row["label"] for row in found] == ["toxic", "fine"]


def test_text_in_plain_bytes_is_text(tmp_path: Path) -> None:
    table = pa.table({"text": pa.array([b"you fool", "größe".encode(), b"\xff"], pa.binary())})
    pq.write_table(table, tmp_path / "in.parquet")
    for target in (tmp_path / "out.parquet", tmp_path / "out.csv", tmp_path / "out.jsonl"):
        tally, _ = run(tmp_path / "in.parquet", target)
        assert (tally.scored, tally.rejected) == (2, {"bad encoding": 1})
        found = [row["text"] for row in rows_of(target)]
        assert [text.decode() if isinstance(text, bytes) else text for text in found] == ["you fool", "größe"]


def test_the_threshold_and_the_temperature_decide(tmp_path: Path) -> None:
    strict = Calibration(temperature=2.0, threshold=Threshold(value=0.8, rule="best_f1", precision=1, recall=1))
    run(write_csv(tmp_path / "in.csv", rows=2), tmp_path / "out.csv", scorer=Scorer(stub, TASK, strict, "stub"))
    row = rows_of(tmp_path / "out.csv")[1]
    assert (row["label"], row["flagged"]) == ("fine", "false")
    assert float(row["score"]) == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)


def test_what_was_cut_is_said(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nshort\n" + "long " * 20 + "\n")
    run(tmp_path / "in.csv", tmp_path / "out.csv")
    assert [row["truncated"] for row in rows_of(tmp_path / "out.csv")] == ["false", "true"]


SLOW = """
import io, sys, time
sys.path[:0] = {path!r}
from stub import CALIBRATION, TASK, stub
from potstill.scoring.formats import format_of
from potstill.scoring.job import Job, Scorer
from potstill.scoring.score import score
def slow(texts):
    time.sleep(0.02)
    return stub(texts)
job = Job({source!r}, {target!r}, format_of({source!r}), format_of({target!r}), part_rows=50)
score(job, Scorer(slow, TASK, CALIBRATION, "stub"), lambda *_: None, stdin=sys.stdin.buffer, stdout=sys.stdout.buffer)
"""


@pytest.mark.parametrize("target", ["out.csv.gz", "out.parquet"])
def test_kills_lose_and_double_no_row(tmp_path: Path, target: str) -> None:
    source = write_csv(tmp_path / "in.csv", rows=3000)
    here = [str(Path(__file__).parents[1])]
    code = SLOW.format(path=here, source=str(source), target=str(tmp_path / target))
    for kill in range(5):
        process = subprocess.Popen([sys.executable, "-c", code])
        parts = tmp_path / f"{target}.parts"
        deadline = time.monotonic() + 60
        while len(list(parts.glob("*.json"))) < 3 + 8 * kill and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (tmp_path / target).exists()
    subprocess.run([sys.executable, "-c", code], check=True)
    run(source, tmp_path / f"whole.{target}", part_rows=50)
    assert rows_of(tmp_path / target) == rows_of(tmp_path / f"whole.{target}")
    assert len(rows_of(tmp_path / target)) == 3000
