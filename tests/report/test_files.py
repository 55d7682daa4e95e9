import json
from pathlib import Path

import pytest
from rich.console import Console
from synthetic import write_study

from potstill.cli.report_tables import print_report
from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import StudyFolder
from potstill.report.files import write_report


def test_the_three_files_are_kept_and_the_json_has_the_answer(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    report, document = write_report(folder)
    kept = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert kept["format"] == 2
    assert (kept["answer"], kept["sentences"]) == (document.answer, report.sentences)
    assert (folder / "report.md").read_text(encoding="utf-8").startswith("# Study drawn\n")
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_it_is_shown_as_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    print_report(write_report(folder)[0], StudyFolder(folder), Console(width=60), "json")
    assert json.loads(capsys.readouterr().out)["study"] == "drawn"
    print_report(write_report(folder)[0], StudyFolder(folder), Console(width=60), "markdown")
    assert capsys.readouterr().out == (folder / "report.md").read_text(encoding="utf-8") + "\n"
    print_report(write_report(folder)[0], StudyFolder(folder), Console(width=60), "terminal")
    assert capsys.readouterr().out.splitlines()[-1] == f"With pictures: {folder / 'report.html'}"
    with pytest.raises(PotstillError, match="is not a study folder"):
        print_report(write_report(folder / "ledger")[0], StudyFolder(folder / "ledger"), Console(), "json")
