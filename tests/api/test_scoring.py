"""Files, scored by a call."""

import csv
import io
from pathlib import Path

import pytest
from bundles import TinyBundle
from rich.console import Console

from potstill import FileFormats, Opening, PotstillError, score

QUIET = Console(quiet=True)


def labels_in(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [row["label"] for row in csv.DictReader(file)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text('comment\nyou are a fool\n""\nbad the good ab\n')
    return path


def test_what_became_of_the_rows_is_returned(tiny_bundle: TinyBundle, source: Path, tmp_path: Path) -> None:
    target, opening = tmp_path / "out.csv", Opening(engine="onnx-fp32")
    scored = score(source, target, tiny_bundle.folder, text="comment", opening=opening, console=QUIET)
    assert (scored.tally.rows, scored.tally.scored, scored.engine) == (3, 2, "onnx-fp32")
    assert scored.tally.rejected
    assert sum(scored.tally.rejected.values()) == 1
    assert scored.rejects == tmp_path / "out.csv.rejected.jsonl"
    assert (tmp_path / "out.csv.rejected.jsonl").is_file()
    assert labels_in(target) == ["toxic", "fine"]


def test_a_notebook_scores_files_though_its_output_has_no_bytes(
    tiny_bundle: TinyBundle, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    formats = FileFormats(target="csv", spreadsheet_safe=True)
    scored = score(source, tmp_path / "out", tiny_bundle.folder, text="comment", formats=formats, console=QUIET)
    assert scored.tally.scored == 2
    assert labels_in(tmp_path / "out") == ["toxic", "fine"]


def test_a_file_that_no_ending_explains_is_refused_before_the_bundle_is_opened(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match=r"in\.xls: the kind of file"):
        score("in.xls", tmp_path / "out.csv", tmp_path / "no bundle")
