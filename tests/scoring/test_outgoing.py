"""Rows as they go out: columns, types and cells."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scored_files import rows_of, run, write_csv

from potstill.domain.errors import DataError
from potstill.scoring.spreadsheets import guarded


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
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.select(["n", "text", "when"]).equals(table)
    run(tmp_path / "in.parquet", tmp_path / "out.jsonl")
    assert rows_of(tmp_path / "out.jsonl")[0]["when"] == "1970-01-01"


def test_json_rows_may_differ_and_keep_their_values(tmp_path: Path) -> None:
    rows = [{"text": "fool", "a": [1, {"b": None}]}, {"c": 1.5, "text": "x"}, {"text": 7, "a": None}, {"text": "y"}]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    run(tmp_path / "in.jsonl", tmp_path / "out.jsonl", part_rows=1)
    scored = rows_of(tmp_path / "out.jsonl")
    assert [{key: row[key] for key in before} for row, before in zip(scored, rows, strict=True)] == rows
    run(tmp_path / "in.jsonl", tmp_path / "out.csv", part_rows=1)
    assert list(rows_of(tmp_path / "out.csv")[0])[:3] == ["text", "a", "c"]


def test_formulas_are_guarded_where_asked(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", rows=1)
    run(source, tmp_path / "plain.csv")
    run(source, tmp_path / "safe.csv", spreadsheet_safe=True)
    assert rows_of(tmp_path / "plain.csv")[0]["note"] == "=1+1"
    assert rows_of(tmp_path / "safe.csv")[0]["note"] == "'=1+1"


@pytest.mark.parametrize("cell", ["=1", " =1", "ok;=1", "@x", "-1e1"])
def test_no_cell_begins_as_a_formula_does(tmp_path: Path, cell: str) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": "a", "x": cell, cell: "y", "n": -1.5, "m": [cell]}))
    run(tmp_path / "in.jsonl", tmp_path / "out.csv", spreadsheet_safe=True)
    row = rows_of(tmp_path / "out.csv")[0]
    assert row["x"] == guarded(cell) != cell
    assert row[guarded(cell)] == "y"
    assert row["n"] == "-1.5"
    assert row["m"] == guarded(json.dumps([cell]))


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
