import gzip
import json
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rows import assert_adds_up, plain, write

from potstill.data.leaks import OnLeak
from potstill.data.loading import load_dataset
from potstill.data.pilot import PILOT
from potstill.data.pipeline import Cutting
from potstill.data.source import Source, Sources
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
    data = load_dataset(Sources(source), root=tmp_path, labels={"0": "fine", "1": "toxic"})
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
    data = load_dataset(Sources(Source("rows.jsonl")), root=tmp_path)
    assert_adds_up(data)
    assert data.account.sources[0].rejected == {"bad JSON": 3, "empty text": 1, "missing label": 1}
    assert data.task.labels == ("False", "True")
    assert data.account.sources[0].examples["bad JSON"].startswith("line 7: ")


def test_the_order_of_work_is_where_reject_leak_sample(tmp_path: Path) -> None:
    train = [(f"t{n}", n % 2, 1) for n in range(50)] + [("", 1, 0), ("", 1, 1), ("shared", 1, 1), ("shared", 1, 0)]
    source = replace(write(tmp_path, "train.csv", train, "text,label,natural"), where={"natural": 1}, sample=20)
    test = write(tmp_path, "test.csv", [*plain(10), ("SHARED", 1)])
    data = load_dataset(Sources(source, None, test), cutting=Cutting(on_leak="drop"), root=tmp_path)
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
        load_dataset(Sources(good, replace(bad, where={"label": "y"})), root=tmp_path)
    assert "validation: no usable row in bad.csv. 3 rows: 2 left out (where); 1 unknown label" in str(caught.value)
    assert '(line 3: "y")' in str(caught.value)
    with pytest.raises(DataError, match="1 empty text"):
        load_dataset(Sources(write(tmp_path, "one.csv", [("", 1)])), root=tmp_path)


# --- labels


def test_spellings_of_a_label_meet_across_files(tmp_path: Path) -> None:
    train = write(tmp_path, "train.csv", plain(30, "a"))
    validation = write(tmp_path, "validation.csv", [("b 1", "0.0"), ("b 2", "1.0")])
    test = write(tmp_path, "test.csv", [("c 1", "False"), ("c 2", "TRUE"), ("c 3", "2")])
    data = load_dataset(Sources(train, validation, test), root=tmp_path)
    assert_adds_up(data)
    assert data.task.labels == ("0", "1")
    assert data.task.positive == "1"
    assert (data.validation.labels.tolist(), data.test.labels.tolist()) == ([0, 1], [0, 1])
    assert data.account.sources[2].rejected == {"unknown label": 1}


def test_a_label_that_train_never_has_is_refused_and_one_missing_later_is_a_note(tmp_path: Path) -> None:
    train = write(tmp_path, "train.csv", plain(30, "a"))
    test = write(tmp_path, "test.csv", [("c 1", "0")])
    with pytest.raises(DataError, match='train has no row of "severe"'):
        load_dataset(Sources(train), root=tmp_path, labels={"0": "fine", "1": "toxic", "2": "severe"})
    data = load_dataset(Sources(train, None, test), root=tmp_path)
    assert 'test has no row of "1": measures that need one are undefined.' in data.account.notes


def test_three_classes(tmp_path: Path) -> None:
    rows = [(f"t{n}", ("hate", "offensive", "neither")[n % 3]) for n in range(90)]
    data = load_dataset(Sources(write(tmp_path, "t.csv", rows)), root=tmp_path)
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
            load_dataset(Sources(train, validation, test), root=tmp_path)
        return
    data = load_dataset(Sources(train, validation, test), cutting=Cutting(on_leak="drop"), root=tmp_path)
    assert_adds_up(data)
    assert data.account.rows == {"train": 30, "validation": 31, "test": 32}
    assert [source.filtered for source in data.account.sources] == [{"leak": 2}, {"leak": 1}, {}]


def test_the_same_file_twice_is_a_leak_and_never_empties_a_split_in_silence(tmp_path: Path) -> None:
    source = write(tmp_path, "t.csv", plain(30))
    with pytest.raises(DataError, match="30 in train and test"):
        load_dataset(Sources(source, None, source), root=tmp_path)
    with pytest.raises(DataError, match=r"train: no usable row in t.csv. 30 rows: 30 left out \(leak\)"):
        load_dataset(Sources(source, None, source), cutting=Cutting(on_leak="drop"), root=tmp_path)


def test_a_group_in_two_given_files_is_a_note(tmp_path: Path) -> None:
    train = write(tmp_path, "a.csv", [(f"a{n}", n % 2, f"g{n}") for n in range(20)], "text,label,thread")
    test = write(tmp_path, "b.csv", [(f"b{n}", n % 2, f"g{n + 19}") for n in range(20)], "text,label,thread")
    data = load_dataset(Sources(replace(train, group="thread"), None, replace(test, group="thread")), root=tmp_path)
    assert any(
        note.startswith('Groups that stand in both train and test: 1, for example "g19"') for note in data.account.notes
    )


# --- the pilot corpus, and speed


def test_the_pilot_brings_its_own_splits_but_may_test_another_model(tmp_path: Path) -> None:
    source = write(tmp_path, "t.csv", [(f"t{n}", ("not toxic", "toxic")[n % 2]) for n in range(60)])
    with pytest.raises(DataError, match="brings its own validation and test split"):
        load_dataset(Sources(Source(PILOT), None, source), root=tmp_path)
    data = load_dataset(Sources(source, None, Source(PILOT, text="comment", id="rev_id")), root=tmp_path)
    assert_adds_up(data)
    assert len(data.test.categories) == len(data.test) == data.account.sources[1].rows


def test_ten_times_the_rows_take_about_ten_times_as_long(tmp_path: Path) -> None:
    text = "some words in a line\n" * 15

    def seconds(rows: int) -> float:
        source = write(tmp_path, f"{rows}.csv", [(f"{text} {n}", n % 2) for n in range(rows)])
        started = time.process_time()
        assert_adds_up(load_dataset(Sources(source), root=tmp_path))
        return time.process_time() - started

    assert seconds(30_000) < 40 * seconds(3_000), "in quadratic time it would be 100 times"
