from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn import arms_of, change_runs
from synthetic import write_study

from potstill.analysis.resampled_scores import Measurements, mean_pr_auc, pooled_spreads, pr_aucs
from potstill.analysis.results import load_results
from potstill.statistics.resample import average_precisions
from potstill.statistics.verdict import spreads


def test_the_difference_is_that_of_the_means_on_the_rows_as_they_are(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"one": -0.1}))
    arms, once = arms_of(results), np.ones((1, 600), dtype=int)
    expected = [
        average_precisions(run.logits[:, 1] - run.logits[:, 0], results.labels == 1, results.weights, once)[0]
        for arm in ("one", "teacher")
        for run in arms[arm].done
    ]
    estimate = Measurements(results).estimate(arms["one"], arms["teacher"])
    assert estimate.difference == pytest.approx(np.mean(expected[:3]) - expected[3])
    assert estimate.seeds == 3
    assert mean_pr_auc(arms["one"]) == pytest.approx(np.mean(expected[:3]))


def test_a_control_that_lacks_a_seed_is_compared_where_both_have_one(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"one": 0.0, "two": -0.3}))
    arms, measured = arms_of(results), Measurements(results)
    short = replace(arms["two"], runs=arms["two"].runs[:1])
    assert measured.estimate(arms["one"], arms["two"]).seeds == 3
    assert measured.estimate(arms["one"], short).seeds == 1
    assert measured.estimate(arms["one"], short).spread is None
    assert not measured.can_compare(replace(arms["one"], runs=arms["one"].runs[1:]), short)
    assert measured.estimate(arms["teacher"], arms["two"]).seeds == 3


def test_rows_of_a_group_are_drawn_together(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path / "rows", {"one": 0.0}))
    (tmp_path / "groups").mkdir()
    folder = write_study(tmp_path / "groups", {"one": 0.0})
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", **rows, test_groups=np.arange(600) // 30)
    grouped = load_results(folder)
    alone, together = (
        Measurements(study).estimate(arms_of(study)["one"], study.arms[0]) for study in (results, grouped)
    )
    assert grouped.groups is not None
    assert together.freedom < 20 < alone.freedom
    assert together.difference == alone.difference


def test_an_arm_that_a_waiver_let_through_is_not_pooled(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "two": -0.1})
    change_runs(folder, "two", waived={"layer_order": "to see"})
    results = load_results(folder)
    alone = spreads({"one": pr_aucs(arms_of(results)["one"])})
    assert pooled_spreads(results)["one"] == alone["one"]


def test_without_a_positive_row_nothing_is_defined(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0})
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", test_labels=np.zeros(600, dtype=np.int64), test_weights=rows["test_weights"])
    results = load_results(folder)
    assert not Measurements(results).is_defined
    assert not Measurements(results).can_compare(results.arms[1], results.arms[0])
