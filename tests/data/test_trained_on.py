"""What a given teacher was trained on has no place in the rows that it is measured on."""

from pathlib import Path

import pytest
from rows import plain, write

from potstill.data.leaks import OnLeak
from potstill.data.loading import load_dataset
from potstill.data.source import Source, Sources
from potstill.data.trained_on import with_trained_on
from potstill.domain.dataset import Dataset
from potstill.domain.errors import DataError


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """A hundred rows, cut in three."""
    return load_dataset(Sources(write(tmp_path, "all.csv", plain(100))), root=tmp_path)


def checked(folder: Path, data: Dataset, texts: list[str], on_leak: OnLeak = "stop") -> Dataset:
    write(folder, "known.csv", [(text,) for text in texts], "text")
    return with_trained_on(data, Source("known.csv"), on_leak=on_leak, seed=0, root=folder)


def test_texts_of_train_and_elsewhere_are_accounted_for(tmp_path: Path, data: Dataset) -> None:
    known = checked(tmp_path, data, [*data.train.texts, "a text of its own"])
    assert known.trained_on == [*data.train.texts, "a text of its own"]
    assert known.account.sources[-1].describe() == "trained on: known.csv: 51 rows = 51 used"
    assert known.test.texts == data.test.texts


def test_a_text_of_test_or_validation_stops_it(tmp_path: Path, data: Dataset) -> None:
    shouted = f"  {data.test.texts[3].upper()} "
    with pytest.raises(DataError, match=r"1 of 34 in test stand in \[teacher\] trained_on, known.csv.* line 3 there"):
        checked(tmp_path, data, [data.train.texts[0], shouted])
    both = [*data.test.texts[:2], *data.validation.texts[:4]]
    with pytest.raises(DataError, match=r"2 of 34 in test and 4 of 16 in validation"):
        checked(tmp_path, data, both)


def test_such_rows_are_left_out_where_leaks_are_dropped(tmp_path: Path, data: Dataset) -> None:
    rest = checked(tmp_path, data, [*data.test.texts[:5], data.validation.texts[0]], "drop")
    assert list(rest.test.texts) == list(data.test.texts[5:])
    assert (len(rest.validation), len(rest.train)) == (15, len(data.train))
    assert (rest.account.rows["test"], sum(rest.account.positives["test"])) == (29, 29)
    assert "5 rows of test are left out: the teacher was trained on them." in rest.account.notes


def test_a_teacher_that_knows_every_test_row_cannot_be_measured(tmp_path: Path, data: Dataset) -> None:
    with pytest.raises(DataError, match="trained on every row of test: all stand in"):
        checked(tmp_path, data, list(data.test.texts), "drop")
