"""The study's own files: who is picked is kept while nothing changed, and rows are told apart by their fingerprint."""

import io
from pathlib import Path

from rich.console import Console
from tiny_study import run_tiny, write_rows

from potstill.analysis.pick import Pick
from potstill.domain.study_folder import StudyFolder
from potstill.study.progress import Display
from potstill.study.study_file import read_study
from potstill.study.summary import StudySummary, write_picked
from potstill.study.workspace import Workspace


def summary_of(workplace: Path, folder: StudyFolder) -> StudySummary:
    study = read_study(workplace / "study.toml")
    display = Display(Console(file=io.StringIO()))
    return StudySummary(Workspace.open(study, folder, workplace, display))


def test_the_pick_is_written_once_when_the_study_ends_and_read_afterwards(workplace: Path) -> None:
    folder = StudyFolder(run_tiny(workplace))
    assert folder.record().picked == "even"
    write_picked(folder, lambda folder, record: Pick("lora"))
    assert folder.record().picked == "lora", "whoever asks is told what is written"
    run_tiny(workplace)
    assert folder.record().picked == "even", "a study that is run to its end decides again, by the same rule"


def test_other_test_rows_make_another_summary(workplace: Path) -> None:
    folder = StudyFolder(run_tiny(workplace))
    assert summary_of(workplace, folder).is_current()
    write_rows(workplace / "train.csv", 200)
    assert not summary_of(workplace, folder).is_current()


def test_the_record_says_what_ran_in_table_order(workplace: Path) -> None:
    record = StudyFolder(run_tiny(workplace)).record()
    names = [
        "majority",
        "tfidf-words",
        "tfidf-characters",
        "teacher",
        "even",
        "lora",
        "finetune-even",
        "untrained-even",
    ]
    assert [arm.arm for arm in record.arms] == names
    assert {arm.arm: arm.seeds for arm in record.arms}["even"] == [0, 1]
    assert {arm.arm: arm.layers for arm in record.arms}["even"] == "[1] of 2"
    assert len(record.runs) == sum(len(arm.seeds) for arm in record.arms)
    assert record.root == "../.."
