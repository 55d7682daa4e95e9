from pathlib import Path

import numpy as np
import pytest
from drawn import arms_of, change_runs, runs_of
from synthetic import write_study

from potstill.analysis.results import load_results
from potstill.analysis.rows import ShippedThreshold, kept_layers, row_of, rows_of
from potstill.domain.study_folder import StudyFolder


def test_a_row_has_mean_and_deviation_over_seeds(tmp_path: Path) -> None:
    arms = arms_of(load_results(write_study(tmp_path, {"even": 0.0})))
    scores = [run.record.test.pr_auc for run in arms["even"].done if run.record.test]
    row = row_of(arms["even"])
    assert row.figures["pr_auc"].mean == pytest.approx(np.mean([score or 0 for score in scores]))
    assert row.figures["pr_auc"].spread == pytest.approx(np.std([score or 0 for score in scores], ddof=1))
    assert row.figures["texts_per_second"].mean == 101
    assert row.validation_pr_auc == pytest.approx(row.figures["pr_auc"].mean), "drawn alike on both"
    assert (row.description, row.layers, row.seeds, row.missing) == ("drawn", "[1,3,5] of 6", [0, 1, 2], [])
    assert row_of(arms["teacher"]).figures["pr_auc"].spread is None
    assert row.thresholds == [
        ShippedThreshold(label=None, value=0.5, rule="best_f1", precision=0.8, recall=0.7)
    ]  # fmt: skip
    assert [layers.kept for layers in kept_layers(list(arms.values()))] == [[1, 3, 5]]


def test_what_is_missing_and_what_failed_is_said(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": 0.0})
    StudyFolder(folder).run(runs_of(folder, "even")[1]).rename(tmp_path / "away")
    change_runs(folder, "odd", status="failed", reason="no memory")
    rows = {row.arm: row for row in rows_of(load_results(folder).arms)}
    assert (rows["even"].seeds, rows["even"].missing) == ([0, 2], [1])
    assert rows["odd"].failures == {f"seed {seed}": "no memory" for seed in range(3)}
    assert rows["odd"].figures == {}
    assert rows["odd"].validation_pr_auc is None


def test_a_figure_that_one_seed_lacks_is_left_out(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    first = StudyFolder(folder).run(runs_of(folder, "even")[0]) / "run.json"
    first.write_text(first.read_text().replace('"training_loss":null', '"training_loss":0.5'))
    assert "training_loss" not in row_of(load_results(folder).arms[1]).figures


def test_what_the_majority_class_beats_is_marked(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": 0.0})
    change_runs(folder, "odd", test={"accuracy": 0.1})
    arms = load_results(folder).arms
    assert not any(row.not_above_majority for row in rows_of(arms)), "without such a row nothing is marked"
    study = StudyFolder(folder)
    record = study.record()
    majority = record.arms[0].model_copy(update={"kind": "majority"})
    study.record_file.write_text(record.model_copy(update={"arms": [majority, *record.arms[1:]]}).model_dump_json())
    change_runs(folder, "teacher", test={"accuracy": 0.5})
    assert [row.arm for row in rows_of(load_results(folder).arms) if row.not_above_majority] == ["odd"]
