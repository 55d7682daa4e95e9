import csv
import gzip
import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from potstill.data.loading import OnLeak, Source, load_dataset
from potstill.data.pilot import PILOT
from potstill.domain.dataset import Dataset, Split
from potstill.domain.errors import DataError

HOSTILE: dict[str, list[bytes]] = {
    "empty text": [b",1,1,g,c", b'"\xe2\x80\x8b ",0,1,g,c'],
    "missing label": [b"unlabelled,,1,g,c"],
    "unknown label": [b"odd,maybe,1,g,c"],
    "contradicting duplicates": [b"Both ways,0,1,g,c", b"both  WAYS,1,1,g,c"],
    "ragged row": [b"too,few", b"far,too,many,columns,in,here", b'"never closed,1,1,g,c'],
    "bad encoding": [b"caf\xe9,1,1,g,c", b'"\xff\n\xfe",1,1,g,c'],
    "NUL": [b"nul\x00,1,1,g,c"],
    "over-long field": [b"x" * 1_000_001 + b",1,1,g,c"],
    "bad weight": [b"light,1,0,g,c", b"nothing,1,nan,g,c", b"words,1,heavy,g,c"],
}


def write(folder: Path, name: str, rows: Sequence[Sequence[object]], header: str = "text,label") -> Source:
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return Source(name)


def plain(count: int, prefix: str = "text", positives: float = 0.3) -> list[tuple[str, int]]:
    return [(f"{prefix} {n}", int(n % 10 < positives * 10)) for n in range(count)]


def splits(data: Dataset) -> dict[str, Split]:
    return {"train": data.train, "validation": data.validation, "test": data.test}


def assert_adds_up(data: Dataset) -> None:
    assert all(source.balances() for source in data.account.sources)
    assert sum(source.used for source in data.account.sources) == sum(data.account.rows.values())
    for role, split in splits(data).items():
        assert len(split) == data.account.rows[role] == sum(data.account.positives[role]) > 0
        columns = (split.ids, split.labels, split.weights, split.groups, split.categories or split.texts)
        assert {len(column) for column in columns} == {len(split)}
    for source in data.account.sources:
        assert set(source.examples) == set(source.rejected)
        assert all(example.startswith("line ") and len(example) < 200 for example in source.examples.values())


# --- the account


@pytest.mark.parametrize("seed", range(25))
def test_every_hostile_row_is_counted_under_its_reason(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    lines = [f'"text, {n}\nsecond line",{n % 2},1.5,,c{n % 3}'.encode() for n in range(60)]
    expected: dict[str, int] = {}
    for reason in rng.sample(sorted(HOSTILE), rng.randint(1, 4)):
        chosen = HOSTILE[reason] if reason == "contradicting duplicates" else rng.sample(HOSTILE[reason], 1)
        expected[reason] = len(chosen)
        lines += chosen
    rng.shuffle(lines)
    newline = rng.choice([b"\n", b"\r\n"])
    content = newline.join([b"text,label,weight,group,category", *lines]) + newline
    (tmp_path / "hostile.csv.gz").write_bytes(gzip.compress(content))
    source = Source("hostile.csv.gz", weight="weight", group="group", category="category")
    data = load_dataset(source, None, None, root=tmp_path, labels={"0": "fine", "1": "toxic"})
    assert_adds_up(data)
    (account,) = data.account.sources
    assert account.rejected == expected
    assert (account.rows, account.used) == (60 + sum(expected.values()), 60)
    physical = content.split(b"\n")
    for reason, example in account.examples.items():
        line = int(example.removeprefix("line ").split(":")[0])
        beginnings = [it.split(b"\n")[0] for it in HOSTILE[reason]]
        assert physical[line - 1].rstrip(b"\r") in beginnings, f"{reason} does not begin in line {line}"


def test_a_json_file_counts_its_hostile_rows_too(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"t{n}", "label": n % 2 == 0}) for n in range(40)]
    lines[3:3] = ['{"text": "cut', '{"text": ["a"], "label": true}', '{"label": true}', '{"text": "x"}', "[]"]
    (tmp_path / "rows.jsonl").write_text("\n\n".join(lines))
    data = load_dataset(Source("rows.jsonl"), None, None, root=tmp_path)
    assert_adds_up(data)
    assert data.account.sources[0].rejected == {"bad JSON": 3, "empty text": 1, "missing label": 1}
    assert data.task.labels == ("False", "True")
    assert data.account.sources[0].examples["bad JSON"].startswith("line 7: ")


def test_the_order_of_work_is_where_reject_leak_sample(tmp_path: Path) -> None:
    train = [(f"t{n}", n % 2, 1) for n in range(50)] + [("", 1, 0), ("", 1, 1), ("shared", 1, 1), ("shared", 1, 0)]
    source = replace(write(tmp_path, "train.csv", train, "text,label,natural"), where={"natural": 1}, sample=20)
    test = write(tmp_path, "test.csv", [*plain(10), ("SHARED", 1)])
    data = load_dataset(source, None, test, root=tmp_path, on_leak="drop")
    assert_adds_up(data)
    account = data.account.sources[0]
    assert account.source == "train, validation: train.csv"
    assert account.filtered == {"where": 2, "leak": 1, "sample": 30}
    assert account.rejected == {"empty text": 1}
    assert account.used == len(data.train) + len(data.validation) == 20


def test_a_source_without_a_usable_row_says_where_its_rows_went(tmp_path: Path) -> None:
    bad = write(tmp_path, "bad.csv", [("", 1), ("x", "y"), ("z", 1)], "text,label")
    good = write(tmp_path, "good.csv", plain(30))
    with pytest.raises(DataError) as caught:
        load_dataset(good, replace(bad, where={"label": "y"}), None, root=tmp_path)
    assert "validation: no usable row in bad.csv. 3 rows: 2 left out by where; 1 unknown label" in str(caught.value)
    assert '(line 3: "y")' in str(caught.value)
    with pytest.raises(DataError, match="1 empty text"):
        load_dataset(write(tmp_path, "one.csv", [("", 1)]), None, None, root=tmp_path)


# --- columns


def test_optional_columns_missing_in_some_files_are_a_note_and_in_all_an_error(tmp_path: Path) -> None:
    train = write(tmp_path, "train.csv", plain(40, "train"))
    rows = [(text, label, 2.5, "g" + text, "c") for text, label in plain(40, "test")]
    test = write(tmp_path, "test.csv", rows, "text,label,w,g,c")
    named = {"weight": "w", "group": "g", "category": "c"}
    data = load_dataset(replace(train, **named), None, replace(test, **named), root=tmp_path)
    assert_adds_up(data)
    assert set(data.train.weights.tolist()) == {1.0}
    assert set(data.test.weights.tolist()) == {2.5}
    assert (data.train.categories, list(data.test.categories)) == ((), ["c"] * 40)
    assert list(data.test.groups) == ["gtest " + str(n) for n in range(40)]
    assert 'train has no column "w": every row there weighs 1.' in data.account.notes
    assert len([note for note in data.account.notes if note.startswith("train has no column")]) == 3
    for kind, column in named.items():
        with pytest.raises(DataError, match=f'train.csv has no column "{column}"'):
            load_dataset(replace(train, **{kind: column}), None, None, root=tmp_path)
        with pytest.raises(DataError, match=f'has no column "{column}"'):
            load_dataset(train, replace(train, **{kind: column}), test, root=tmp_path)


@pytest.mark.parametrize("kind", ["text", "label", "id"])
def test_a_needed_column_that_is_not_there_is_an_error(tmp_path: Path, kind: str) -> None:
    source = write(tmp_path, "t.csv", plain(40))
    with pytest.raises(DataError, match=r'no column "lable"\. Did you mean "label"\? Its columns are: "text", "label"'):
        load_dataset(replace(source, **{kind: "lable"}), None, None, root=tmp_path)


def test_a_where_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    source = replace(write(tmp_path, "t.csv", plain(40)), where={"natural": 1})
    with pytest.raises(DataError, match='no column "natural"'):
        load_dataset(source, None, None, root=tmp_path)


def test_one_file_may_hold_all_splits(tmp_path: Path) -> None:
    rows = [(f"t{n}", n % 2, ("train", "dev", "test")[n % 3]) for n in range(90)]
    file = write(tmp_path, "all.csv", rows, "text,label,split")
    train, dev, test = (replace(file, where={"split": name}) for name in ("train", "dev", "test"))
    data = load_dataset(train, dev, test, root=tmp_path)
    assert_adds_up(data)
    assert data.account.rows == {"train": 30, "validation": 30, "test": 30}


def test_ids_are_those_of_the_column_or_row_numbers(tmp_path: Path) -> None:
    rows = [(f"t{n}", n % 2, "same" if n < 2 else f"id{n}") for n in range(30)]
    source = write(tmp_path, "t.csv", rows, "text,label,id")
    numbered = load_dataset(source, None, None, root=tmp_path)
    named = load_dataset(replace(source, id="id"), None, None, root=tmp_path)
    for split in splits(numbered).values():
        assert all(text == f"t{int(row_id) - 1}" for row_id, text in zip(split.ids, split.texts, strict=True))
    assert numbered.account.notes == []
    assert named.account.notes == ['train: ids that name more than one row: 1, for example "same" (2 rows).']


# --- labels


def test_spellings_of_a_label_meet_across_files(tmp_path: Path) -> None:
    train = write(tmp_path, "train.csv", plain(30, "a"))
    validation = write(tmp_path, "validation.csv", [("b 1", "0.0"), ("b 2", "1.0")])
    test = write(tmp_path, "test.csv", [("c 1", "False"), ("c 2", "TRUE"), ("c 3", "2")])
    data = load_dataset(train, validation, test, root=tmp_path)
    assert_adds_up(data)
    assert data.task.labels == ("0", "1")
    assert data.task.positive == "1"
    assert (data.validation.labels.tolist(), data.test.labels.tolist()) == ([0, 1], [0, 1])
    assert data.account.sources[2].rejected == {"unknown label": 1}


def test_a_label_that_train_never_has_is_refused_and_one_missing_later_is_a_note(tmp_path: Path) -> None:
    train = write(tmp_path, "train.csv", plain(30, "a"))
    test = write(tmp_path, "test.csv", [("c 1", "0")])
    with pytest.raises(DataError, match='train has no row of "severe"'):
        load_dataset(train, None, None, root=tmp_path, labels={"0": "fine", "1": "toxic", "2": "severe"})
    data = load_dataset(train, None, test, root=tmp_path)
    assert 'test has no row of "1": measures that need one are undefined.' in data.account.notes


def test_three_classes(tmp_path: Path) -> None:
    rows = [(f"t{n}", ("hate", "offensive", "neither")[n % 3]) for n in range(90)]
    data = load_dataset(write(tmp_path, "t.csv", rows), None, None, root=tmp_path)
    assert_adds_up(data)
    assert (data.task.labels, data.task.problem) == (("hate", "neither", "offensive"), "multiclass")


# --- leaks


@pytest.mark.parametrize("on_leak", ["stop", "drop"])
def test_texts_in_two_splits(tmp_path: Path, on_leak: OnLeak) -> None:
    train = write(tmp_path, "train.csv", [*plain(30, "a"), ("Leak  one", 1), ("leak two", 0)])
    validation = write(tmp_path, "validation.csv", [*plain(30, "b"), ("LEAK TWO", 0), ("leak three", 1)])
    test = write(tmp_path, "test.csv", [*plain(30, "c"), ("leak\none", 0), ("leak three", 1)])
    if on_leak == "stop":
        with pytest.raises(DataError, match="1 in train and validation, 1 in train and test, 1 in validation and test"):
            load_dataset(train, validation, test, root=tmp_path)
        return
    data = load_dataset(train, validation, test, root=tmp_path, on_leak="drop")
    assert_adds_up(data)
    assert data.account.rows == {"train": 30, "validation": 31, "test": 32}
    assert [source.filtered for source in data.account.sources] == [{"leak": 2}, {"leak": 1}, {}]


def test_the_same_file_twice_is_a_leak_and_never_empties_a_split_in_silence(tmp_path: Path) -> None:
    source = write(tmp_path, "t.csv", plain(30))
    with pytest.raises(DataError, match="30 in train and test"):
        load_dataset(source, None, source, root=tmp_path)
    with pytest.raises(DataError, match=r"train: no usable row in t.csv. 30 rows: 30 left out by leak"):
        load_dataset(source, None, source, root=tmp_path, on_leak="drop")


def test_a_group_in_two_given_files_is_a_note(tmp_path: Path) -> None:
    train = write(tmp_path, "a.csv", [(f"a{n}", n % 2, f"g{n}") for n in range(20)], "text,label,thread")
    test = write(tmp_path, "b.csv", [(f"b{n}", n % 2, f"g{n + 19}") for n in range(20)], "text,label,thread")
    data = load_dataset(replace(train, group="thread"), None, replace(test, group="thread"), root=tmp_path)
    assert any(
        note.startswith('Groups that stand in both train and test: 1, for example "g19"') for note in data.account.notes
    )


# --- cuts and samples


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("given", [(), ("validation",), ("test",)])
def test_a_cut_shares_no_text_and_no_group(tmp_path: Path, seed: int, given: tuple[str, ...]) -> None:
    rng = random.Random(seed)
    rows = [
        (f"{rng.choice(['T', 't'])}ext  {n % 350}", int(n % 350 < 80), f"g{rng.randrange(700)}") for n in range(500)
    ]
    train = replace(write(tmp_path, "train.csv", rows, "text,label,g"), group="g")
    other = write(tmp_path, "other.csv", plain(50, "other"))
    named = {role: other if role in given else None for role in ("validation", "test")}
    data = load_dataset(train, named["validation"], named["test"], root=tmp_path, seed=seed)
    assert_adds_up(data)
    for column in ("texts", "groups"):
        values = [{value.casefold() for value in getattr(split, column)} for split in splits(data).values()]
        assert sum(len(part) for part in values) == len(set[str]().union(*values))
    shares = {"train": 0.5, "validation": 0.15, "test": 0.35}
    total = sum(share for role, share in shares.items() if role not in given)
    for role in set(shares) - set(given):
        expected = shares[role] / total * 500
        assert abs(data.account.rows[role] - expected) <= 12
        assert abs(data.account.positives[role][1] - expected * sum(row[1] for row in rows) / 500) <= 10


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(tmp_path: Path) -> None:
    source = replace(write(tmp_path, "t.csv", plain(300)), sample=200)

    def prints(seed: int) -> list[str]:
        return [it.fingerprint() for it in splits(load_dataset(source, None, None, root=tmp_path, seed=seed)).values()]

    assert prints(0) == prints(0)
    assert not set(prints(0)) & set(prints(1))


def test_a_sample_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    source = write(tmp_path, "t.csv", plain(300))
    other = write(tmp_path, "o.csv", plain(300, "other"))
    third = write(tmp_path, "u.csv", plain(300, "third"))
    data = load_dataset(replace(source, sample=50), replace(other, sample=999), third, root=tmp_path)
    numbers = [int(row_id) for row_id in data.train.ids]
    assert numbers == sorted(numbers)
    assert data.account.rows == {"train": 50, "validation": 300, "test": 300}
    assert "validation: sample = 999 asks for more rows than there are; all 300 are used." in data.account.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample": 0}, "sample = 0 must be at least 1"),
        ({"sample": 2}, "cannot be cut from t.csv"),
        ({"label": "text"}, 'text and label are both the column "text"'),
        ({"group": "one"}, "in 1 groups are too few"),
        ({"label": "number"}, "60 different values"),
        ({"label": "one"}, 'at least two labels; found "x"'),
    ],
)
def test_what_cannot_be_cut_or_learned_is_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    rows = [(f"t{n}", n % 2, "x", n) for n in range(60)]
    source = replace(write(tmp_path, "t.csv", rows, "text,label,one,number"), **change)
    with pytest.raises(DataError, match=message):
        load_dataset(source, None, None, root=tmp_path)


@pytest.mark.parametrize("fractions", [(1.0, 0.0, 0.0), (0.5, -0.1, 0.6), (0.5, float("nan"), 0.5)])
def test_fractions_must_be_above_0(tmp_path: Path, fractions: tuple[float, float, float]) -> None:
    source = write(tmp_path, "t.csv", plain(60))
    with pytest.raises(DataError, match=r"fractions = .* must be three numbers above 0"):
        load_dataset(source, None, None, root=tmp_path, fractions=fractions)


def test_repeated_texts_and_an_enriched_train_split_are_noted(tmp_path: Path) -> None:
    train = write(tmp_path, "a.csv", [*plain(600, "a", 0.5), ("A  1", 1)])
    other = write(tmp_path, "b.csv", plain(600, "b", 0.1))
    test = write(tmp_path, "c.csv", plain(600, "c", 0.1))
    data = load_dataset(train, other, test, root=tmp_path, labels={"0": "fine", "1": "toxic"})
    assert data.account.notes[0] == "train: 1 of 601 rows repeat the text of another row."
    assert '50.1% of the train rows are "toxic" against 10.0% of validation' in data.account.notes[1]


def test_the_pilot_brings_its_own_splits_but_may_test_another_model(tmp_path: Path) -> None:
    source = write(tmp_path, "t.csv", [(f"t{n}", ("not toxic", "toxic")[n % 2]) for n in range(60)])
    with pytest.raises(DataError, match="brings its own validation and test split"):
        load_dataset(Source(PILOT), None, source, root=tmp_path)
    data = load_dataset(source, None, Source(PILOT, text="comment", id="rev_id"), root=tmp_path)
    assert_adds_up(data)
    assert len(data.test.categories) == len(data.test) == data.account.sources[1].rows


def test_ten_times_the_rows_take_about_ten_times_as_long(tmp_path: Path) -> None:
    text = "some words in a line\n" * 15

    def seconds(rows: int) -> float:
        source = write(tmp_path, f"{rows}.csv", [(f"{text} {n}", n % 2) for n in range(rows)])
        started = time.process_time()
        assert_adds_up(load_dataset(source, None, None, root=tmp_path))
        return time.process_time() - started

    assert seconds(30_000) < 40 * seconds(3_000), "in quadratic time it would be 100 times"


def test_the_fingerprint_is_of_text_label_and_weight() -> None:
    one = Split(["1"], ["a"], np.array([0]), np.array([1.0]), [""])
    others = replace(one, texts=["b"]), replace(one, labels=np.array([1])), replace(one, weights=np.array([2.0]))
    assert len({it.fingerprint() for it in (one, *others)}) == 4
