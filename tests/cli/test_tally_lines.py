from pathlib import Path

from potstill.api.scoring import ScoredFile
from potstill.cli.tally_lines import tally_lines
from potstill.scoring.job import Tally


def test_a_file_without_a_fault_is_one_line() -> None:
    scored = ScoredFile(Tally(1200, 1200, {}), "onnx-int8", Path("out.csv.rejected.jsonl"))
    assert list(tally_lines(scored, "csv")) == ["1,200 of 1,200 rows scored on onnx-int8"]


def test_what_was_left_out_is_counted_by_reason() -> None:
    tally = Tally(5, 2, {"empty text": 2, "bad encoding": 1})
    lines = list(tally_lines(ScoredFile(tally, "onnx-int8", Path("out.csv.rejected.jsonl")), "csv"))
    assert lines[:2] == [
        "2 of 5 rows scored on onnx-int8",
        "left out: empty text: 2, bad encoding: 1; each with its line in out.csv.rejected.jsonl",
    ]
    assert "iconv -f WINDOWS-1252" in lines[2]
    assert len(list(tally_lines(ScoredFile(tally, "onnx-int8", None), "parquet"))) == 2


def test_a_stream_has_named_its_faults_already() -> None:
    lines = list(tally_lines(ScoredFile(Tally(2, 1, {"empty text": 1}), "onnx-int8", None), "jsonl"))
    assert lines[1] == "left out: empty text: 1; each with its line above"
