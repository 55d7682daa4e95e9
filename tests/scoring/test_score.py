"""Scoring with a real bundle."""

from pathlib import Path

import pytest
from bundles import TinyBundle
from scored_files import rows_of

from potstill.cli.main import main
from potstill.cli.scoring import REJECTED
from potstill.domain.errors import DataError, ModelError
from potstill.scoring.formats import format_of
from potstill.scoring.job import Tally
from potstill.scoring.score import ScoreResult, ScoreSettings, score


def test_one_call_scores_a_file_and_says_what_was_left_out(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(b"text\nyou are a fool\ncaf\xe9\n")
    settings = ScoreSettings(str(source), str(target), bundle=tiny_bundle.folder, engine="onnx-fp32", threads=1)
    result = score(settings)
    assert [row["label"] for row in rows_of(target)] == ["toxic"]
    assert (result.engine, result.tally.rejected) == ("onnx-fp32", {"bad encoding": 1})
    assert result.lines() == [
        "1 of 2 rows scored on onnx-fp32",
        f"left out: bad encoding: 1; each with its line in {target}.rejected.jsonl",
        "files are read as UTF-8; `iconv -f WINDOWS-1252 -t UTF-8` converts another encoding",
    ]
    with pytest.raises(ModelError, match="has a bundle yet"):
        score(ScoreSettings(str(source), str(target), runs=tmp_path))


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl.gz", "out.parquet"])
def test_the_scored_file_is_a_data_frame(name: str, tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / name
    source.write_text("id,text\n1,you are a fool\n2,good\n", encoding="utf-8")
    frame = score(ScoreSettings(str(source), str(target), bundle=tiny_bundle.folder, engine="onnx-fp32")).to_frame()
    assert list(frame["text"]) == ["you are a fool", "good"]
    assert {"id", "text", "label", "score", "flagged"} <= set(frame.columns)


def test_standard_output_is_no_file_to_make_a_data_frame_of() -> None:
    result = ScoreResult(Tally(1, 1), "onnx-fp32", format_of("in.csv"), "-")
    with pytest.raises(DataError, match="standard output"):
        result.to_frame()


def test_the_command_scores_with_a_real_bundle(
    tiny_bundle: TinyBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text('comment\nyou are a fool\n""\nbad the good ab\n')
    done = main(["score", str(source), "-o", str(target), "--bundle", str(tiny_bundle.folder), "--text", "comment"])
    assert done == REJECTED
    assert [row["label"] for row in rows_of(target)] == ["toxic", "fine"]
    assert "2 of 3 rows scored" in capsys.readouterr().err
    assert main(["score", str(source), "-o", str(target), "--bundle", str(tiny_bundle.folder), "--engine", "x"]) == 1
    assert main(["score", "in.xls", "-o", str(target), "--bundle", str(tiny_bundle.folder)]) == 1
