"""Scoring with a real bundle."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import TinyBundle, edit_info
from scored_files import rows_of

from potstill.cli.main import main
from potstill.cli.scoring import REJECTED
from potstill.data.formats import read_table
from potstill.domain.errors import DataError, ModelError
from potstill.scoring.arrow import pa, pq
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
        "language: the model declares no languages, so texts are not checked for theirs",
        f"left out: bad encoding: 1; each with its line in {target}.rejected.jsonl",
        "files are read as UTF-8; `iconv -f WINDOWS-1252 -t UTF-8` converts another encoding",
    ]
    source.write_text("text\nyou are a fool\n\u200b\n👍\n", encoding="utf-8")
    blank = {"empty text": 1, "nothing to read": 1}
    assert score(settings).tally.rejected == blank, "without a mark, and without one that the tokenizer knows"
    assert score(replace(settings, target=str(tmp_path / "out.parquet"))).tally.rejected == blank
    with pytest.raises(ModelError, match="has a bundle yet"):
        score(ScoreSettings(str(source), str(target), runs=tmp_path))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_row_in_another_language_is_told_or_refused(tiny_bundle: TinyBundle, tmp_path: Path, ending: str) -> None:
    bundle, source = tmp_path / "bundle", tmp_path / "in.csv"
    shutil.copytree(tiny_bundle.folder, bundle)
    edit_info(bundle, languages=["en"])
    source.write_text("text\nyou are a fool\nDas Wetter ist heute sehr gut.\nhi\n")
    target = tmp_path / f"out.{ending}"
    warned = ScoreSettings(str(source), str(target), bundle=bundle, engine="onnx-fp32", threads=1)
    assert score(warned).lines() == ["3 of 3 rows scored on onnx-fp32"]
    rows = read_table(target.name, tmp_path, None).rows
    assert [row.values["foreign_language"] or "" for row in rows] == ["", "de", ""]
    strict = score(replace(warned, languages="strict"))
    assert strict.tally.rejected == {"other language": 1}
    assert "another language (de): the model is for en" in Path(f"{target}.rejected.jsonl").read_text()
    score(replace(warned, languages="off"))
    assert "foreign_language" not in read_table(target.name, tmp_path, None).columns


def test_a_parquet_file_keeps_its_types_beside_the_language(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    bundle, source = tmp_path / "bundle", tmp_path / "in.parquet"
    shutil.copytree(tiny_bundle.folder, bundle)
    edit_info(bundle, languages=["en"])
    pq.write_table(pa.table({"text": ["a fool", "hi"], "n": [1, 2]}), source)
    score(ScoreSettings(str(source), str(tmp_path / "out.parquet"), bundle=bundle, engine="onnx-fp32", threads=1))
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert [str(schema.field(name).type) for name in ("n", "score", "foreign_language")] == [
        "int64",
        "double",
        "string",
    ]


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
