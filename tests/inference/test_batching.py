from potstill.inference.batching import equal_batches


def test_batches_hold_equal_lengths_within_the_budget() -> None:
    lengths = [3, 9, 3, 3, 200, 9, 3]
    batches = equal_batches(lengths, 9)
    assert sorted(row for batch in batches for row in batch) == list(range(7))
    assert batches == [[4], [1], [5], [0, 2, 3], [6]]
    sizes = [len(batch) for batch in equal_batches([2] * 27, 20)]
    assert sizes == [10, 10, 4, 1, 1, 1], "a length has three shapes"
    assert [len(batch) for batch in equal_batches([2] * 5, 6)] == [3, 1, 1]
    assert equal_batches(lengths, 1) == [[4], [1], [5], [0], [2], [3], [6]]
    assert equal_batches([], 9) == []
