import random

import pytest
from rows import rows, split_of

from potstill.data.account import source_account
from potstill.data.leaks import check_leaks, drop_leaks, shared_keys
from potstill.data.splits import SPLITS
from potstill.domain.errors import DataError


def test_leaks_are_counted_by_pair_with_an_example_and_a_way_out() -> None:
    splits = [
        split_of(rows("a", "B", "c", "b"), "train"),
        split_of(rows("b\u200b", "d"), "validation"),
        split_of(rows("A", "D", "C"), "test"),
    ]
    assert shared_keys(splits) == {
        ("train", "validation"): ["b"],
        ("train", "test"): ["a", "c"],
        ("validation", "test"): ["d"],
    }
    with pytest.raises(DataError) as caught:
        check_leaks(splits)
    message = str(caught.value)
    assert "1 in train and validation, 2 in train and test, 1 in validation and test" in message
    assert "line 3 of train and line 2 of validation: B" in message
    assert 'on_leak = "drop"' in message


def test_dropping_spares_test_and_leaves_nothing_shared() -> None:
    rng = random.Random(0)
    for _ in range(50):
        splits = [split_of(rows(*(rng.choice("abcdefghij") for _ in range(8))), name) for name in SPLITS]
        before = [list(split.rows) for split in splits]
        kept = drop_leaks(splits)
        assert [split.rows for split in splits] == before, "the step leaves what it is given as it was"
        assert [split.name for split in kept] == list(SPLITS)
        assert not shared_keys(kept)
        for split, dropped in zip(splits, kept, strict=True):
            assert len(dropped.rows) + source_account(dropped).filtered.get("leak", 0) == len(split.rows)
        train, validation, test = (split.rows for split in splits)
        assert kept[2].rows == test
        in_test = {it.key for it in test}
        assert kept[1].rows == [it for it in validation if it.key not in in_test]
        in_both = in_test | {it.key for it in validation}
        assert kept[0].rows == [it for it in train if it.key not in in_both]


def test_clean_sources_pass() -> None:
    check_leaks([split_of(rows("a", "a"), "train"), split_of(rows("b"), "test")])
