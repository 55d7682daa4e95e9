import random
from dataclasses import replace
from pathlib import Path

import pytest
from rows import assert_adds_up, opened, plain, row, split_of, table_of, write

from potstill.data.account import source_account
from potstill.data.labels import label_columns, label_scheme, task_of
from potstill.data.loading import load_dataset
from potstill.data.pipeline import (
    Cutting,
    keep_where,
    reject_contradictions,
    reject_unknown_labels,
    reject_unusable,
)
from potstill.data.source import Source, Sources
from potstill.domain.errors import DataError

# --- columns


def test_optional_columns_missing_in_some_files_are_a_note_and_in_all_an_error(tmp_path: Path) -> None:
    train = write(tmp_path, "train.csv", plain(40, "train"))
    rows = [(text, label, 2.5, "g" + text, "c") for text, label in plain(40, "test")]
    test = write(tmp_path, "test.csv", rows, "text,label,w,g,c")
    named = {"weight": "w", "group": "g", "category": "c"}
    data = load_dataset(Sources(replace(train, **named), None, replace(test, **named)), root=tmp_path)
    assert_adds_up(data)
    assert set(data.train.weights.tolist()) == {1.0}
    assert set(data.test.weights.tolist()) == {2.5}
    assert (data.train.categories, list(data.test.categories)) == ((), ["c"] * 40)
    assert list(data.test.groups) == ["gtest " + str(n) for n in range(40)]
    assert 'train has no column "w": every row there weighs 1.' in data.account.notes
    assert len([note for note in data.account.notes if note.startswith("train has no column")]) == 3
    for kind, column in named.items():
        with pytest.raises(DataError, match=f'train.csv has no column "{column}"'):
            load_dataset(Sources(replace(train, **{kind: column})), root=tmp_path)
        with pytest.raises(DataError, match=f'has no column "{column}"'):
            load_dataset(Sources(train, replace(train, **{kind: column}), test), root=tmp_path)


@pytest.mark.parametrize("kind", ["text", "label", "id"])
def test_a_needed_column_that_is_not_there_is_an_error(tmp_path: Path, kind: str) -> None:
    source = write(tmp_path, "t.csv", plain(40))
    with pytest.raises(DataError, match=r'no column "lable"\. Did you mean "label"\? Its columns are: "text", "label"'):
        load_dataset(Sources(replace(source, **{kind: "lable"})), root=tmp_path)


def test_a_where_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    source = replace(write(tmp_path, "t.csv", plain(40)), where={"natural": 1})
    with pytest.raises(DataError, match='no column "natural"'):
        load_dataset(Sources(source), root=tmp_path)


def test_one_file_may_hold_all_splits(tmp_path: Path) -> None:
    rows = [(f"t{n}", n % 2, ("train", "dev", "test")[n % 3]) for n in range(90)]
    file = write(tmp_path, "all.csv", rows, "text,label,split")
    train, dev, test = (replace(file, where={"split": name}) for name in ("train", "dev", "test"))
    data = load_dataset(Sources(train, dev, test), root=tmp_path)
    assert_adds_up(data)
    assert data.account.rows == {"train": 30, "validation": 30, "test": 30}


def test_ids_are_those_of_the_column_or_row_numbers(tmp_path: Path) -> None:
    rows = [(f"t{n}", n % 2, "same" if n < 2 else f"id{n}") for n in range(30)]
    source = write(tmp_path, "t.csv", rows, "text,label,id")
    numbered = load_dataset(Sources(source), root=tmp_path)
    named = load_dataset(Sources(replace(source, id="id")), root=tmp_path)
    for split in numbered.splits().values():
        assert all(text == f"t{int(row_id) - 1}" for row_id, text in zip(split.ids, split.texts, strict=True))
    assert numbered.account.notes == []
    assert named.account.notes == ['train: ids that name more than one row: 1, for example "same" (2 rows).']


# --- where, reject


def test_usable_rows_are_normalised_and_the_others_counted_with_an_example() -> None:
    table = table_of(
        {"text": " A\u200b  b ", "label": " 1 ", "weight": " 2.5 ", "natural": "1.0"},
        {"text": "c", "label": "1", "weight": "1", "natural": "0"},
        {"text": "\u200b \ufeff", "label": "1", "weight": "1", "natural": "true"},
        {"text": "d", "label": "\u00a0", "weight": "1", "natural": "1"},
        {"text": None, "label": "1", "weight": "1", "natural": "1"},
        {"text": "e", "label": "1", "weight": "1"},
    )
    source = Source("file.csv", weight="weight", where={"natural": 1})
    usable = reject_unusable(keep_where(opened(table, source)))
    assert [(it.text, it.key, it.label, it.weight, it.id, it.place) for it in usable.rows] == [
        ("A b", "a b", "1", 2.5, "1", "line 2")
    ]
    account = source_account(usable)
    assert account.filtered == {"where": 2}
    assert account.rejected == {"empty text": 1, "missing label": 1, "bad JSON": 1}
    assert account.examples["missing label"] == "line 5: d"


def test_the_map_fixes_names_and_order_and_rejects_the_rest() -> None:
    split = split_of([row("a", label="1.0"), row("b", label="False"), row("c", label="maybe\x07")])
    scheme = label_scheme("f", split.rows, {"1": "toxic", "0": "fine"})
    known = reject_unknown_labels(split, scheme)
    assert [scheme.of(it) for it in known.rows] == [(0,), (1,)]
    account = source_account(known)
    assert account.rejected == {"unknown label": 1}
    assert account.examples == {"unknown label": 'line 2: "maybe\ufffd"'}


def test_each_label_column_is_0_or_1_and_the_whole_row_counts() -> None:
    cells = [("1", "0"), ("1.0", "false"), ("-1", "0"), ("", "1"), ("1\x1f0", "0"), ("0", "0"), ("0", "1")]
    texts = ["a", "b", "c", "d", "e", "same", "SAME"]
    table = table_of(
        *({"text": text, "rude": rude, "threat": threat} for text, (rude, threat) in zip(texts, cells, strict=True))
    )
    scheme = label_columns(["rude", "threat"])
    usable = reject_unusable(opened(table, Source("f", label=["rude", "threat"])))
    kept = reject_contradictions(reject_unknown_labels(usable, scheme), scheme)
    assert [(it.text, scheme.of(it)) for it in kept.rows] == [("a", (1, 0)), ("b", (1, 0))]
    account = source_account(kept)
    assert account.rejected == {"missing label": 1, "unknown label": 2, "contradicting duplicates": 2}
    assert account.examples["unknown label"] == 'line 4: "-1, 0"'
    assert task_of(scheme, None).problem == "multilabel"
    with pytest.raises(DataError, match='positive = "rude" is for a row that carries one of two labels'):
        task_of(scheme, "rude")


def test_contradictions_see_through_case_space_and_zero_width_and_spare_the_rest() -> None:
    rows = [
        row("You Fool", 1, label="1"),
        row("you\u200b  fool", 2, label="0"),
        row("twice", 3, label="1"),
        row("TWICE", 4, label="1.0"),
    ]
    kept = reject_contradictions(split_of(rows), label_scheme("f", rows, None))
    assert [it.number for it in kept.rows] == [3, 4]


def test_two_values_with_one_name_do_not_contradict() -> None:
    rows = [row("same", 1, label="hate"), row("same", 2, label="offensive")]
    scheme = label_scheme("f", rows, {"neither": "ok", "hate": "bad", "offensive": "bad"})
    assert scheme.names == ("ok", "bad")
    assert reject_contradictions(split_of(rows), scheme).rows == rows


# --- cuts and samples


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("given", [(), ("validation",), ("test",)])
def test_a_cut_shares_no_text_and_no_group(tmp_path: Path, seed: int, given: tuple[str, ...]) -> None:
    rng = random.Random(seed)
    rows = [
        (f"{rng.choice(['T', 't'])}ext  {n % 350}", int(n % 350 < 80), f"g{rng.randrange(700)}") for n in range(500)
    ]
    train = replace(write(tmp_path, "train.csv", rows, "text,label,g"), group="g")
    fifty = write(tmp_path, "fifty.csv", plain(50, "fifty"))
    named = {role: fifty if role in given else None for role in ("validation", "test")}
    data = load_dataset(Sources(train, named["validation"], named["test"]), cutting=Cutting(seed=seed), root=tmp_path)
    assert_adds_up(data)
    for column in ("texts", "groups"):
        values = [{value.casefold() for value in getattr(split, column)} for split in data.splits().values()]
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
        return [
            it.fingerprint()
            for it in load_dataset(Sources(source), cutting=Cutting(seed=seed), root=tmp_path).splits().values()
        ]

    assert prints(0) == prints(0)
    assert not set(prints(0)) & set(prints(1))


def test_a_sample_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    source = write(tmp_path, "t.csv", plain(300))
    second = write(tmp_path, "o.csv", plain(300, "second"))
    third = write(tmp_path, "u.csv", plain(300, "third"))
    data = load_dataset(Sources(replace(source, sample=50), replace(second, sample=999), third), root=tmp_path)
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
        load_dataset(Sources(source), root=tmp_path)


@pytest.mark.parametrize("fractions", [(1.0, 0.0, 0.0), (0.5, -0.1, 0.6), (0.5, float("nan"), 0.5)])
def test_fractions_must_be_above_0(tmp_path: Path, fractions: tuple[float, float, float]) -> None:
    source = write(tmp_path, "t.csv", plain(60))
    with pytest.raises(DataError, match=r"fractions = .* must be three numbers above 0"):
        load_dataset(Sources(source), cutting=Cutting(fractions=fractions), root=tmp_path)


def test_repeated_texts_and_an_enriched_train_split_are_noted(tmp_path: Path) -> None:
    train = write(tmp_path, "a.csv", [*plain(600, "a", 0.5), ("A  1", 1)])
    validation = write(tmp_path, "b.csv", plain(600, "b", 0.1))
    test = write(tmp_path, "c.csv", plain(600, "c", 0.1))
    data = load_dataset(Sources(train, validation, test), root=tmp_path, labels={"0": "fine", "1": "toxic"})
    assert data.account.notes[0] == "train: 1 of 601 rows repeat the text of another row."
    assert '50.1% of the train rows are "toxic" against 10.0% of validation' in data.account.notes[1]
