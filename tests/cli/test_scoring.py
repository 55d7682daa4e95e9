import csv
from pathlib import Path

import pytest
from bundles import TinyBundle

from potstill.cli.main import main
from potstill.cli.scoring import REJECTED


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


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


def test_every_option_reaches_the_job(
    tiny_bundle: TinyBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_text('{"body": "you are a fool", "label": "=1"}\n')
    options = ["--from", "jsonl", "--to", "csv", "--text", "body", "--prefix", "pred_", "--spreadsheet-safe"]
    opening = ["--engine", "onnx-fp32", "--threads", "1", "--languages", "off", "--bundle", str(tiny_bundle.folder)]
    assert main(["score", str(source), "-o", str(target), *options, *opening]) == 0
    (row,) = rows_of(target)
    assert (row["pred_label"], row["label"]) == ("toxic", "'=1")
    assert capsys.readouterr().err == "1 of 1 rows scored on onnx-fp32\n"


def test_another_bundle_than_the_expected_one_scores_nothing(
    tiny_bundle: TinyBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text\nyou are a fool\n")
    bundle = ["--bundle", str(tiny_bundle.folder), "--expect-sha256", "0" * 64]
    assert main(["score", str(source), "-o", str(target), *bundle]) == 1
    assert "expected" in capsys.readouterr().err
    assert not target.exists()
