from pathlib import Path

import pytest
from drawn import report_of
from synthetic import write_study

from potstill.analysis.report import Report
from potstill.analysis.rows import KeptLayers
from potstill.domain.layer_search import Choice, LayerSearch
from potstill.report import charts


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Two students of which one lies far below."""
    folder: Path = tmp_path_factory.mktemp("study")
    return report_of(write_study(folder, {"even": 0.0, "far": -1.5}))


def test_a_chart_is_the_same_bytes_for_the_same_numbers_and_takes_the_texts_colour(report: Report) -> None:
    for cost in charts.UNITS:
        drawn = charts.tradeoff(report, cost)
        assert drawn == charts.tradeoff(report, cost)
        assert "#000000" not in drawn
        assert "currentColor" in drawn
        assert charts.UNITS[cost] in drawn
        assert "even" in drawn


def test_what_is_far_below_is_told_and_does_not_squeeze_the_rest(report: Report) -> None:
    far = {point.arm: charts.is_far(point, report.margin) for point in report.trade_offs}
    assert far == {"teacher": False, "even": False, "far": True}


def test_marks_that_would_cover_each_other_stand_side_by_side() -> None:
    assert charts.asides([90.0, 45.0, 45.2, 45.1, 10.0]) == [0.0, -charts.APART, 0.0, charts.APART, 0.0]
    assert charts.asides([]) == []


def test_curves_name_their_arms(report: Report) -> None:
    curves = report.curves
    assert "even" in charts.learning(curves.learning)
    assert "even, threshold" in charts.precision_recall(curves.precision_recall)
    assert "even, before the temperature" in charts.reliability(curves.reliability)


def test_layers_of_another_order_are_numbered() -> None:
    plain = charts.kept_layers([KeptLayers(arm="even", depth=4, kept=[1, 3])])
    turned = charts.kept_layers([KeptLayers(arm="even", depth=4, kept=[3, 1])])
    assert turned.count("<text") == plain.count("<text") + 2


def test_a_search_shows_its_named_choices_with_their_rank() -> None:
    choices = [Choice(kept=(layer,), kl=0.1 * (layer + 1), pr_auc=None) for layer in range(2)]
    search = LayerSearch(
        depth=2, num_layers=1, rows=9, pr_auc=None, choices=choices, influence=[0.5, 0.2], without=choices[::-1],
        greedy=choices[0],
    )  # fmt: skip
    assert "2 choices of 1 layers, untrained" in charts.layer_search(search)
    assert "greedy" in charts.layer_search(search)
