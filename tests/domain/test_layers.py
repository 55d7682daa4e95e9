from itertools import product
from typing import get_args

import pytest
from pydantic import ValidationError

from potstill.domain.errors import StudyError
from potstill.domain.layers import LayerPlan, LayerRule, plan_layers


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("even", (1, 3, 5, 7, 9, 11)),
        ("odd", (0, 2, 4, 6, 8, 10)),
        ("first", (0, 1, 2, 3, 4, 5)),
        ("last", (6, 7, 8, 9, 10, 11)),
        ("spread", (0, 2, 4, 7, 9, 11)),
        ("distilbert", (0, 2, 4, 7, 9, 11)),
    ],
)
def test_twelve_to_six_is_as_documented(rule: LayerRule, kept: tuple[int, ...]) -> None:
    assert plan_layers(rule, 12, 6).kept == kept
    assert plan_layers(rule, 12) == plan_layers(rule, 12, 6), "half of the depth is the default"


@pytest.mark.parametrize(("rule", "depth"), list(product(get_args(LayerRule), range(2, 26))))
def test_every_rule_gives_a_valid_plan_or_says_why_not(rule: LayerRule, depth: int) -> None:
    for count in range(1, depth + 1):
        if rule in ("even", "odd") and depth != 2 * count:
            with pytest.raises(StudyError, match="twice num_layers"):
                plan_layers(rule, depth, count)
            continue
        kept = plan_layers(rule, depth, count).kept
        assert len(kept) == count
        assert list(kept) == sorted(set(kept))
        assert 0 <= kept[0] <= kept[-1] < depth
        if rule in ("spread", "distilbert") and count > 1:
            assert (kept[0], kept[-1]) == (0, depth - 1)


def test_all_layers_of_any_rule_that_allows_it_are_the_identity() -> None:
    for rule in ("first", "last", "spread"):
        assert plan_layers(rule, 7, 7).kept == tuple(range(7))


def test_a_list_names_the_layers_itself() -> None:
    assert plan_layers([0, 2, 4], 6).kept == (0, 2, 4)
    assert plan_layers([0, 2, 4], 6, 3).kept == (0, 2, 4)
    assert plan_layers([5, 0], 6, reorder=True).kept == (5, 0)


@pytest.mark.parametrize(
    ("keep", "count", "message"),
    [
        ([], None, "at least one layer"),
        ([0, 6], None, r"layers \[6\] do not exist: a teacher of depth 6 has 0 to 5"),
        ([-1, 1], None, r"layers \[-1\] do not exist"),
        ([1, 1], None, "repeat"),
        ([5, 1, 3], None, "not ascending; set reorder = true"),
        ([0, 1], 3, "keep names 2 layers but num_layers = 3"),
        ("first", 0, "not between 1 and the teacher's depth 6"),
        ("last", 7, "not between 1 and the teacher's depth 6"),
        ("even", 2, 'Use "spread"'),
    ],
)
def test_a_wrong_plan_is_refused_in_plain_words(keep: LayerRule | list[int], count: int | None, message: str) -> None:
    with pytest.raises(StudyError, match=message) as caught:
        plan_layers(keep, 6, count)
    assert "pydantic" not in str(caught.value)
    assert "Value error" not in str(caught.value)


def test_repeats_are_refused_even_when_reordering() -> None:
    with pytest.raises(StudyError, match="repeat"):
        plan_layers([3, 3], 6, reorder=True)


def test_an_odd_depth_has_no_even_or_odd_half() -> None:
    with pytest.raises(StudyError, match="exactly twice"):
        plan_layers("odd", 7)


def test_plans_compose_in_the_indices_of_the_first_teacher() -> None:
    half = plan_layers("even", 12)
    quarter = plan_layers("odd", 6)
    assert half.then(quarter) == LayerPlan(depth=12, kept=(1, 5, 9))
    with pytest.raises(ValueError, match="cannot follow"):
        quarter.then(half)


def test_composition_is_associative_and_keeps_reordering() -> None:
    first = plan_layers([3, 0, 2, 5], 6, reorder=True)
    second, third = plan_layers("last", 4, 3), plan_layers("first", 3, 2)
    assert first.then(second).then(third) == first.then(second.then(third))
    assert first.then(second).reorder


def test_a_plan_is_printed_as_indices() -> None:
    assert str(plan_layers("odd", 12)) == "[0,2,4,6,8,10] of 12"
    assert str(LayerPlan.all_of(12)) == "all 12"


def test_a_plan_is_frozen_and_survives_json() -> None:
    plan = plan_layers("spread", 12, 4)
    assert LayerPlan.model_validate_json(plan.model_dump_json()) == plan
    with pytest.raises(ValidationError):
        plan.kept = (0,)  # pyright: ignore[reportAttributeAccessIssue]
