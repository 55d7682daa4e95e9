from pathlib import Path

import numpy as np
import pytest
from synthetic import write_study

from potstill.analysis.curves import POINTS, curves_of
from potstill.analysis.results import load_results


def test_the_curve_has_the_highest_precision_at_each_recall(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"even": 0.0}))
    curve = curves_of(results, "even").precision_recall[1]
    assert (curve.arm, curve.seed, len(curve.precision)) == ("even", 0, POINTS)
    run = results.arms[1].done[0]
    scores, positive, weights = run.logits[:, 1] - run.logits[:, 0], results.labels == 1, results.weights
    flagged = scores[:, None] >= scores[None, :]
    true = (weights * positive) @ flagged
    recall, precision = true / true.max(), true / (weights @ flagged)
    for place in (10, 50, 90):
        assert curve.precision[place] == pytest.approx(precision[recall >= place / 100].max(), abs=1e-4)
    test = run.record.test
    assert test is not None
    assert curve.chosen == (test.per_label[1].recall, test.per_label[1].precision)


def test_only_the_teacher_and_the_picked_arm_are_drawn_and_every_model_is_calibrated(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"even": 0.0, "odd": -0.3}))
    curves = curves_of(results, "odd")
    assert [curve.arm for curve in curves.precision_recall] == ["teacher", "odd"]
    assert [curve.arm for curve in curves.reliability] == ["teacher", "odd"]
    assert [model.arm for model in curves.calibration] == ["teacher", "even", "odd"]
    assert [(curve.arm, curve.seed) for curve in curves.learning][:3] == [("teacher", 0), ("even", 0), ("even", 1)]
    assert [curve.arm for curve in curves_of(results, None).reliability] == ["teacher"]


def test_the_temperature_is_what_moves_the_calibration(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"even": 0.0}))
    (teacher, _) = curves_of(results, "even").calibration
    assert teacher.temperature == 1.2
    run = results.arms[0].done[0]
    shares = 1 / (1 + np.exp((run.logits[:, 0].astype(float) - run.logits[:, 1]) / 1.2))
    expected = np.average((shares - results.labels) ** 2, weights=results.weights)
    assert teacher.brier_after == pytest.approx(expected)
    assert teacher.brier_before != teacher.brier_after
