import pytest

from potstill.statistics.pareto import on_front


def test_what_something_beats_in_both_is_not_on_the_front() -> None:
    assert on_front([1, 2, 3, 2], [0.5, 0.7, 0.6, 0.6]) == [True, True, False, False]


def test_equals_do_not_beat_each_other() -> None:
    assert on_front([1, 1], [0.5, 0.5]) == [True, True]


def test_as_good_for_less_beats_and_so_does_better_for_as_much() -> None:
    assert on_front([1, 2], [0.5, 0.5]) == [True, False]
    assert on_front([1, 1], [0.5, 0.6]) == [False, True]


def test_nothing_has_no_front() -> None:
    assert on_front([], []) == []


def test_a_cost_without_a_quality_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        on_front([1, 2], [0.5])
