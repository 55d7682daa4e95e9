import numpy as np
import pytest
from numpy.typing import NDArray

from potstill.domain.predictor import probabilities
from potstill.domain.task import Task
from potstill.evaluation.calibration import fit_calibration, fit_temperature, fit_threshold, threshold_curve

RNG = np.random.default_rng(0)
TRUE = RNG.uniform(0.02, 0.98, size=4000)
LABELS = (RNG.random(4000) < TRUE).astype(np.int64)
LOGITS = np.stack([np.zeros(4000), np.log(TRUE / (1 - TRUE))], axis=1).astype(np.float32)
ONES = np.ones(4000)
TASK = Task(labels=("fine", "toxic"), positive="toxic")
SEVERAL = Task(labels=("rude", "threat", "spam"), multilabel=True)


@pytest.mark.parametrize("stretch", [0.5, 1.0, 4.0])
def test_the_temperature_undoes_a_stretch(stretch: float) -> None:
    assert fit_temperature(LOGITS * np.float32(stretch), LABELS, ONES, TASK) == pytest.approx(stretch, rel=0.1)


@pytest.mark.parametrize("weights", [ONES, np.where(np.arange(4000) % 3 == 0, 5.0, 1.0)], ids=["alike", "weighted"])
@pytest.mark.parametrize("rule", ["best_f1", "precision >= 0.9", "recall >= 0.8", "recall>=1.0"])
def test_the_threshold_means_what_it_says_on_validation(rule: str, weights: NDArray[np.float64]) -> None:
    threshold = fit_threshold(TRUE, LABELS == 1, weights, rule)
    flagged = threshold.value <= TRUE
    assert threshold.precision == pytest.approx(np.average(LABELS[flagged], weights=weights[flagged]))
    assert threshold.recall == pytest.approx(np.average(flagged[LABELS == 1], weights=weights[LABELS == 1]))
    if rule.startswith("precision"):
        assert threshold.precision >= 0.9
    if rule.startswith("recall"):
        assert threshold.recall >= float(rule.split(">=")[1])


def test_the_temperature_is_that_of_the_rows_that_weigh() -> None:
    half = np.arange(4000) < 2000
    mixed = (LOGITS * np.where(half, 4, 1)[:, None]).astype(np.float32)
    assert fit_temperature(mixed, LABELS, np.where(half, 1.0, 1e-6), TASK) == pytest.approx(4, rel=0.1)


def test_best_f1_is_the_best_of_all_cuts() -> None:
    def f1(cut: float) -> float:
        flagged = cut <= TRUE
        return 2 * (flagged & (LABELS == 1)).sum() / (flagged.sum() + LABELS.sum())

    threshold = fit_threshold(TRUE, LABELS == 1, ONES, "best_f1")
    assert f1(threshold.value) == pytest.approx(max(f1(cut) for cut in np.unique(TRUE)))


def test_a_precision_out_of_reach_is_said() -> None:
    labels = np.array([0, 1, 0, 0], dtype=bool)
    threshold = fit_threshold(np.array([0.9, 0.8, 0.1, 0.2]), labels, np.ones(4), "precision >= 0.9")
    assert threshold.rule == "precision >= 0.9 (not reachable on validation)"
    assert threshold.precision == 0.5


def test_a_threshold_that_tells_nothing_apart_says_so() -> None:
    labels = np.array([0, 1, 0, 0], dtype=bool)
    constant = fit_threshold(np.full(4, 0.3), labels, np.ones(4), "best_f1")
    assert (constant.rule, constant.recall) == ("best_f1 (flags every row of validation)", 1)
    assert fit_threshold(np.array([0.1, 0.8, 0.1, 0.2]), labels, np.ones(4), "best_f1").rule == "best_f1"


def test_an_unknown_rule_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r'"best_f1", "precision >= 0\.9" or "recall >= 0\.8"'):
        fit_threshold(TRUE, LABELS == 1, ONES, "f1")


def test_the_curve_says_what_each_threshold_means() -> None:
    weights = RNG.uniform(0.5, 2, size=4000)
    curve = threshold_curve(TRUE, LABELS == 1, weights, shipped=0.3217)
    assert [point.threshold for point in curve] == sorted({*(n / 100 for n in range(1, 100)), 0.3217})
    for point in curve[10::30]:
        flagged = point.threshold <= TRUE
        assert point.precision == pytest.approx(np.average(LABELS[flagged], weights=weights[flagged]), abs=1e-4)
        hits, positives = weights[flagged & (LABELS == 1)].sum(), weights[LABELS == 1].sum()
        assert point.recall == pytest.approx(hits / positives, abs=1e-4)
    assert curve[-1].precision is None, "no score is that high"
    assert curve[-1].recall == 0
    assert threshold_curve(TRUE, LABELS > 1, weights, shipped=0.5) == []


def test_a_task_of_three_labels_has_no_threshold() -> None:
    logits = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    labels = np.arange(50) % 3
    assert fit_calibration(logits, labels, np.ones(50), Task(labels=("a", "b", "c")), "best_f1").threshold is None


@pytest.mark.parametrize("stretch", [0.5, 4.0])
def test_each_of_several_labels_has_its_own_threshold_and_all_one_temperature(stretch: float) -> None:
    shares = RNG.uniform(0.02, 0.98, size=(4000, 3)) * [1.0, 0.5, 0.2]
    labels = (RNG.random((4000, 3)) < shares).astype(np.int64)
    logits = (stretch * np.log(shares / (1 - shares))).astype(np.float32)
    calibration = fit_calibration(logits, labels, ONES, SEVERAL, "best_f1")
    assert calibration.temperature == pytest.approx(stretch, rel=0.1)
    assert calibration.threshold is None
    for column, threshold in enumerate(calibration.thresholds):
        flagged = threshold.value <= probabilities(logits, SEVERAL, calibration.temperature)[:, column]
        assert threshold.recall == pytest.approx(flagged[labels[:, column] == 1].mean())
        assert threshold.precision == pytest.approx(labels[flagged, column].mean())
