from itertools import combinations
from pathlib import Path

import pytest
from drawn import change_runs
from synthetic import write_study

from potstill.analysis.rank_agreement import rank_agreements
from potstill.analysis.results import load_results
from potstill.domain.layer_search import Choice, LayerSearch

CHOICES = list(combinations(range(6), 3))[:12]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study that distilled twelve choices, of which each lies below the one before it, and the search for them."""
    place = write_study(tmp_path, {f"kept-{n}": -0.3 * n for n in range(12)}, spread=0.0, rows=3000, seeds=[0])
    for n, kept in enumerate(CHOICES):
        method = {"kind": "student", "keep": list(kept), "num_layers": 3, "reorder": False, "kl_weight": 0.5}
        settings = {"method": method, "training": {"learning_rate": 1e-4}}
        change_runs(place, f"kept-{n}", layers={"depth": 6, "kept": kept}, settings=settings)
    choices = [Choice(kept=kept, kl=0.1 * n, pr_auc=None) for n, kept in enumerate(CHOICES)]
    search = LayerSearch(
        depth=6, num_layers=3, rows=40, pr_auc=None, choices=choices, influence=[0.0] * 6, without=[], greedy=choices[0]
    )  # fmt: skip
    (place / "layers-3.json").write_text(search.model_dump_json())
    return place


def test_an_order_that_came_true_agrees_on_both_splits(folder: Path) -> None:
    on_test, on_validation = rank_agreements(load_results(folder))
    assert (on_test.split, on_validation.split) == ("test", "validation")
    assert (on_test.choices, on_test.num_layers) == (12, 3)
    assert on_test.low <= on_test.estimate <= on_test.high
    assert on_test.estimate > 0.9
    assert on_validation.estimate == on_test.estimate, "drawn alike on both"


def test_students_that_were_trained_otherwise_are_not_mixed_in(folder: Path) -> None:
    change_runs(folder, "kept-3", settings={"training": {"learning_rate": 3e-4}})
    assert [agreement.choices for agreement in rank_agreements(load_results(folder))] == [11, 11]
    for n in range(4, 7):
        change_runs(folder, f"kept-{n}", settings={"training": {"learning_rate": 3e-4}})
    assert rank_agreements(load_results(folder)) == [], "of eight nothing is claimed"
