from math import sqrt

import numpy as np
import pytest

from potstill.statistics.pareto import on_front
from potstill.statistics.verdict import (
    NO_SEEDS,
    Estimate,
    Spread,
    half_width,
    is_hopeless,
    judge,
    mcnemar,
    spreads,
    what_it_takes,
)

MARGIN = 0.02


def estimate(difference: float, rows: float = 0.004, seeds: int = 3, spread: float | None = 0.004) -> Estimate:
    """An estimate with these standard errors: over rows, and of one seed."""
    pooled = None if spread is None else Spread(spread**2, 8)
    return Estimate(difference, rows**2, 399, seeds, pooled)


def test_the_interval_adds_both_variances_with_welchs_degrees_of_freedom() -> None:
    estimated = estimate(-0.01, rows=0.003, seeds=4, spread=0.008)
    parts = 0.003**2, 0.008**2 / 4
    assert estimated.error == pytest.approx(sqrt(sum(parts)))
    assert estimated.df == pytest.approx(sum(parts) ** 2 / (parts[0] ** 2 / 399 + parts[1] ** 2 / 8))
    low, high = estimated.interval()
    # Student's t with 19.4 degrees of freedom, from a table: 2.09.
    assert high - estimated.difference == pytest.approx(2.09 * 0.005, rel=0.001)
    assert estimated.difference - low == pytest.approx(high - estimated.difference)


def test_what_no_seed_changes_has_the_variance_of_rows_alone() -> None:
    estimated = Estimate(0.0, 0.01**2, 10_000, 1, NO_SEEDS)
    assert estimated.interval()[1] == pytest.approx(1.96 * 0.01, rel=1e-3)
    same = Estimate(0.0, 0.0, 399, 3, Spread(0.0, 4))
    assert same.interval() == (0, 0)
    assert (same.p_as_good(MARGIN), same.p_worse(MARGIN)) == (0, 1)


def test_the_spread_is_pooled_and_no_arm_takes_less_than_it_varied_itself() -> None:
    steady = {"a": [0.1, 0.11, 0.12], "b": [0.2, 0.23, 0.26]}
    by_arm = spreads(steady)
    assert (by_arm["a"].freedom, by_arm["a"].own) == (by_arm["b"].freedom, not by_arm["b"].own) == (4, False)
    assert by_arm["a"].variance == pytest.approx((0.01**2 + 0.03**2) / 2)
    assert by_arm["b"].variance == pytest.approx(0.03**2)
    wild = spreads({**steady, "c": [0.1, 0.9, 0.5], "alone": [0.3]})
    assert wild["a"] == by_arm["a"]  # the wild one does not widen the others
    assert (wild["c"].freedom, wild["c"].own) == (2, True)
    assert wild["c"].variance == pytest.approx(0.16)
    assert "alone" not in wild


@pytest.mark.parametrize(
    ("difference", "judgement", "below"),
    [(0.0, "as good", False), (-0.009, "as good", True), (-0.05, "worse", True), (-0.018, "unresolved", True)],
)
def test_the_primary_arm_is_judged_by_its_interval(difference: float, judgement: str, below: bool) -> None:
    verdict = judge({"a": estimate(difference, rows=0.003, spread=0.003)}, "a", MARGIN)["a"]
    assert (verdict.judgement, verdict.below) == (judgement, below)


def test_one_seed_is_never_judged() -> None:
    verdicts = judge({"a": estimate(0.5, seeds=1, spread=None), "b": estimate(-0.5, seeds=1, spread=None)}, "a", MARGIN)
    assert {verdict.judgement for verdict in verdicts.values()} == {"unresolved"}
    assert not any(verdict.below for verdict in verdicts.values())


def test_many_arms_are_not_many_chances() -> None:
    # Each arm by itself would be as good: its interval lies just above the margin.
    lucky = {f"arm{n}": estimate(-0.0095, rows=0.004, spread=0.003) for n in range(10)}
    assert all(single.interval()[0] > -MARGIN for single in lucky.values())
    assert judge(lucky, "arm3", MARGIN)["arm3"].judgement == "as good"
    rest = [verdict for arm, verdict in judge(lucky, "arm3", MARGIN).items() if arm != "arm3"]
    assert {verdict.judgement for verdict in rest} == {"unresolved"}
    # Those that are far above it are, and the first that is not stops the rest.
    clear = {**lucky, "clear": estimate(0.02)}
    judged = judge(clear, "arm3", MARGIN)
    assert judged["clear"].judgement == "as good"
    assert judged["clear"].adjusted
    assert not judged["arm3"].adjusted


def test_what_it_takes_solves_for_the_half_width() -> None:
    estimated = estimate(-0.010, rows=0.005, spread=0.004)
    assert estimated.interval()[0] < -MARGIN
    need = what_it_takes(estimated, 1000, MARGIN)
    assert need is not None
    assert need.rows is not None
    assert half_width(estimated, need.rows / 1000, 3) < 0.010 <= half_width(estimated, 0.95 * need.rows / 1000, 3)
    many = estimate(-0.010, rows=0.003, spread=0.011)
    seeds = what_it_takes(many, 1000, MARGIN)
    assert seeds is not None
    assert seeds.seeds is not None
    assert half_width(many, 1, seeds.seeds) < 0.010 <= half_width(many, 1, seeds.seeds - 1)


def test_rows_and_seeds_together_where_neither_alone_is_enough() -> None:
    estimated = Estimate(0.0, 0.010**2, 399, 3, Spread(0.012**2, 2))
    need = what_it_takes(estimated, 1000, MARGIN)
    assert need is not None
    assert (need.rows, need.seeds) == (None, None)
    assert need.both is not None
    rows, seeds = need.both
    assert rows > 1000
    assert seeds > 3
    assert half_width(estimated, rows / 1000, seeds) < MARGIN
    assert not is_hopeless(estimated, MARGIN)


def test_an_arm_among_many_needs_more() -> None:
    estimated = estimate(0.0, rows=0.008, spread=0.006)
    shown, adjusted = (what_it_takes(estimated, 500, 0.021, share) for share in (0.025, 0.025 / 6))
    assert shown is not None
    assert shown.rows == 525  # never what there is already
    assert adjusted is not None
    assert adjusted.rows is not None
    assert adjusted.rows > 600


def test_a_noisy_arm_of_few_seeds_does_not_hide_another() -> None:
    rng = np.random.default_rng(0)
    reached = {f"steady{n}": [0.0, 1.0, 2.0] for n in range(6)}
    reached |= {"few": [0.0, 2.9], "many": (2 * rng.normal(size=8)).tolist()}
    by_arm = spreads({**reached, "many": [0.0, 5.8, 1.0, 4.8, 2.9, 0.1, 5.7, 3.0]})
    assert by_arm["many"].freedom == 7  # out of the pool
    assert not by_arm["steady0"].own


@pytest.mark.parametrize("hopeless", [estimate(-0.02), estimate(-0.03), estimate(-0.017), estimate(0.0, spread=None)])
def test_where_nothing_realistic_would_tell_that_is_said(hopeless: Estimate) -> None:
    assert what_it_takes(hopeless, 1000, MARGIN) is None


def test_mcnemar_counts_what_only_one_got_right() -> None:
    right = np.array([True] * 10 + [False] * 90)
    also_right = np.array([False] * 10 + [True] * 2 + [False] * 88)
    first, second, p = mcnemar(right, also_right)
    assert (first, second) == (10, 2)
    assert p == pytest.approx(2 * sum([1, 12, 66]) / 2**12)  # the binomial tail of 12 fair coins, twice
    assert mcnemar(right, right) == (0, 0, 1.0)


def test_the_front_holds_what_no_other_beats_on_both_sides() -> None:
    assert on_front([1, 2, 3, 2], [0.5, 0.7, 0.6, 0.6]) == [True, True, False, False]
    assert on_front([1, 1], [0.5, 0.5]) == [True, True]
