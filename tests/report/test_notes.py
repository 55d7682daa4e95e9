from pathlib import Path

import pytest
from drawn import change_runs, report_of, runs_of
from synthetic import write_study

from potstill.analysis.rows import ShippedThreshold
from potstill.domain.study_folder import StudyFolder
from potstill.report.notes import EPOCHS, HOLM, INTERVALS, notes_of, threshold_text


def test_the_arms_and_what_their_figures_mean_are_explained(tmp_path: Path) -> None:
    notes = notes_of(report_of(write_study(tmp_path, {"even": 0.0, "odd": 0.0}, words="some layers")))
    assert "even: some layers." in notes
    threshold = "0.500 (best_f1): precision 0.80, recall 0.70"
    assert f"even: temperature 1.20, threshold {threshold} on validation (first seed)." in notes
    assert INTERVALS in notes
    assert HOLM in notes
    assert "Note: some layers" in notes
    assert notes[-1] == "potstill 0 on a machine. Speed (texts/s) is that of the lab's own evaluation loop."


def test_marks_failures_and_missing_runs_are_said(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": 0.0, "gone": 0.0})
    change_runs(folder, "odd", status="failed", reason="no memory")
    change_runs(folder, "even", waived={"layer_order": "to see"})
    StudyFolder(folder).run(runs_of(folder, "gone")[1]).rename(tmp_path / "away")
    notes = notes_of(report_of(folder))
    assert notes[0] == "† layer_order waived for even: to see."
    assert "odd, seed 2: failed: no memory" in notes
    assert "gone: seeds [1] have not been run yet." in notes
    assert HOLM not in notes, "one arm alone is judged"


def test_the_accuracy_over_epochs_is_explained_where_it_is_shown(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    assert EPOCHS not in notes_of(report_of(folder))
    point = {"epoch": 1, "step": 1, "loss": 0.5, "sampled_accuracy": 0.75}
    change_runs(folder, "even", curve=[point], settings={"training": {"learning_rate": 1e-4}})
    report = report_of(folder)
    assert report.rows[1].figures["sampled_accuracy"].mean == 0.75
    assert EPOCHS in notes_of(report)
    assert "Learning rate 0.0001: even." in notes_of(report)


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([None], "0.250 (recall >= 0.8): precision 0.50, recall 0.80"),
        (["a", "b"], "a 0.250 (recall >= 0.8): precision 0.50, recall 0.80; "
         "b 0.250 (recall >= 0.8): precision 0.50, recall 0.80"),
        ([], ""),
    ],
)  # fmt: skip
def test_thresholds_are_worded(tmp_path: Path, labels: list[str | None], text: str) -> None:
    row = report_of(write_study(tmp_path, {"even": 0.0})).rows[1]
    thresholds = [
        ShippedThreshold(label=label, value=0.25, rule="recall >= 0.8", precision=0.5, recall=0.8) for label in labels
    ]
    assert threshold_text(row.model_copy(update={"thresholds": thresholds})) == text
