import numpy as np
import pytest
from rows import split_of

from potstill.data import notes
from potstill.data.rows import DataRow
from potstill.domain.dataset import Split
from potstill.domain.task import Task

TASK = Task(labels=("fine", "toxic"), positive="toxic")


def split(negatives: int, positives: int, weights: tuple[float, float] = (1.0, 1.0)) -> Split:
    count = negatives + positives
    return Split(
        ids=[str(n) for n in range(count)],
        texts=[f"text {n}" for n in range(count)],
        labels=np.array([0] * negatives + [1] * positives, dtype=np.int64),
        weights=np.array([weights[0]] * negatives + [weights[1]] * positives),
        groups=[str(n) for n in range(count)],
    )


def test_an_enriched_train_split_is_noted_with_both_rates_and_the_consequence() -> None:
    (note,) = notes.rate_difference(split(800, 200), split(900, 100), TASK)
    assert '20.0% of the train rows are "toxic" against 10.0% of validation' in note
    assert "too high for natural text: use the fitted threshold, which is fitted on validation" in note
    assert "too low" in notes.rate_difference(split(900, 100), split(800, 200), TASK)[0]


def test_the_positive_label_may_be_the_first() -> None:
    (note,) = notes.rate_difference(split(800, 200), split(900, 100), Task(labels=TASK.labels, positive="fine"))
    assert "80.0%" in note
    assert "too low" in note


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        (split(80, 20), split(90, 10)),  # z = 1.98
        (split(88_500, 11_500), split(90_000, 10_000)),  # z = 10.8, but 1.5 points
        (split(500, 500), split(500, 500)),
        (split(0, 10), split(0, 10)),  # no variance at all
        (split(800, 200), split(400, 400, weights=(4.0, 1.0))),  # weighted back to 20 %
    ],
)
def test_small_or_uncertain_differences_are_no_note(train: Split, validation: Split) -> None:
    assert notes.rate_difference(train, validation, TASK) == []


def test_weights_count_on_validation_and_make_it_less_certain() -> None:
    (note,) = notes.rate_difference(split(500, 500), split(500, 500, weights=(9.0, 1.0)), TASK)
    assert "50.0%" in note
    assert "10.0% of validation (weighted)" in note
    few = split(60, 60, weights=(1.0, 0.0001))
    assert notes.rate_difference(split(980, 20), few, TASK) == []


def test_a_multiclass_task_has_no_positive_rate() -> None:
    assert notes.rate_difference(split(10, 90), split(90, 10), Task(labels=("a", "b", "c"))) == []


def test_repeats_absent_labels_ids_and_groups() -> None:
    given = split(2, 0)
    doubled = Split(given.ids, ["Same  text", "same text"], given.labels, given.weights, given.groups)
    assert notes.repeated_texts("test", doubled) == ["test: 1 of 2 rows repeat the text of another row."]
    assert notes.repeated_texts("test", given) == []
    assert notes.absent_labels("test", given, TASK) == [
        'test has no row of "toxic": measures that need one are undefined.'
    ]
    rows = [DataRow(n, f"line {n}", "7" if n < 3 else str(n + 10), "t", "t", "1", group=f"g{n % 2}") for n in range(4)]
    assert notes.duplicate_ids("train", rows) == [
        'train: ids that name more than one row: 1, for example "7" (3 rows).'
    ]
    later = [split_of([], "validation"), split_of(rows[3:], "test")]
    (note,) = notes.shared_groups(split_of(rows[:2]), later)
    assert note.startswith('Groups that stand in both train and test: 1, for example "g1"')
