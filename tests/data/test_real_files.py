"""The real comments, where they are at hand: not part of the project, so their absence is a visible skip."""

from dataclasses import replace
from pathlib import Path

import pytest

from potstill.data.loading import load_dataset
from potstill.data.pipeline import Cutting
from potstill.data.source import Source, Sources
from potstill.domain.errors import DataError

FOLDER = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data is absent")

TRAIN = Source("wiki_toxic/train.csv.gz", text="comment_text", id="id")
VALIDATION = replace(TRAIN, path="wiki_toxic/validation.csv.gz")
TEST = replace(TRAIN, path="wiki_toxic/test.csv.gz", weight="weight")


def test_wiki_toxic_stops_at_the_text_that_stands_in_train_and_test() -> None:
    with pytest.raises(DataError, match=r"1 in train and test. For example line 78646 of train"):
        load_dataset(Sources(TRAIN, VALIDATION, TEST), root=FOLDER)


def test_wiki_toxic_loads_once_leaks_are_dropped() -> None:
    data = load_dataset(
        Sources(TRAIN, VALIDATION, TEST),
        cutting=Cutting(on_leak="drop"),
        root=FOLDER,
        labels={"0": "fine", "1": "toxic"},
    )
    assert [source.rows for source in data.account.sources] == [27_625, 3_134, 6_411]
    assert data.account.rows == {"train": 27_622, "validation": 3_134, "test": 6_411}
    assert data.account.sources[0].filtered == {"leak": 1}
    assert data.account.sources[0].rejected == {"contradicting duplicates": 2}
    weighted = data.test.weights[data.test.labels == 1].sum() / data.test.weights.sum()
    assert abs(weighted - 0.095) < 0.001, "the natural rate"
    assert any("17.9%" in note and "10.0% of validation" in note for note in data.account.notes)


def test_the_rows_at_the_natural_rate_give_no_warning() -> None:
    natural = replace(TRAIN, where={"natural": 1}, sample=12_000)
    data = load_dataset(Sources(natural, VALIDATION, TEST), cutting=Cutting(on_leak="drop"), root=FOLDER)
    assert data.account.sources[0].filtered["where"] == 27_625 - 22_099
    assert not any("scores come out" in note for note in data.account.notes)


def test_somebody_elses_three_classes() -> None:
    tweets = Source("davidson/tweets.csv.gz", text="tweet", label="class")
    data = load_dataset(Sources(tweets), root=FOLDER)
    assert data.task.labels == ("hate", "neither", "offensive")
    assert data.account.sources[0].rows == 24_783
