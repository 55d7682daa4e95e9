"""What a study's folder says, as functions."""

import json
import shutil
from pathlib import Path

import pytest

from potstill import PotstillError, pack, report


def test_a_report_is_written_unless_it_should_not_be(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(finished / "runs" / "tiny", folder)
    figures = report(folder, write=False)
    assert not list(folder.glob("report.*"))
    assert report(str(folder)) == figures
    assert sorted(path.name for path in folder.glob("report.*")) == ["report.html", "report.json", "report.md"]
    assert json.loads((folder / "report.json").read_text())["answer"] == figures.answer


def test_a_packed_study_has_the_same_report(finished: Path, tmp_path: Path) -> None:
    folder = finished / "runs" / "tiny"
    size = pack(folder, tmp_path / "packed")
    assert 0 < size == sum(path.stat().st_size for path in (tmp_path / "packed").rglob("*") if path.is_file())
    packed, whole = report(tmp_path / "packed", write=False), report(folder, write=False)
    assert (packed.rows, packed.verdicts, packed.answer) == (whole.rows, whole.verdicts, whole.answer)


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    for ask in (lambda: report(tmp_path), lambda: pack(tmp_path, tmp_path / "packed")):
        with pytest.raises(PotstillError, match=r"study\.json"):
            ask()
