import pytest

from potstill.data.rows import TableRow
from potstill.data.tables import Table
from potstill.data.validation import (
    Columns,
    DataRow,
    Tally,
    Value,
    check_columns,
    label_columns,
    label_scheme,
    leak_key,
    reading,
    task_of,
    usable_rows,
    with_known_labels,
    without_contradictions,
)
from potstill.domain.errors import DataError

COLUMNS = Columns("text", ["label"], weight="weight")


def made(*values: dict[str, str | None]) -> Table:
    columns = list(dict.fromkeys(column for row in values for column in row))
    return Table("file.csv", columns, [TableRow(n, n + 1, row) for n, row in enumerate(values, start=1)], "sha256:0")


def row(text: str, label: str, number: int = 1) -> DataRow:
    return DataRow(number, f"line {number + 1}", str(number), text, leak_key(text), label)


@pytest.mark.parametrize(
    "alike", [(1, "1", " 1 ", "1.0", 1.0, True, "true", "TRUE", "+1", "1.000"), ("0", False, -0.0)]
)
def test_a_value_reads_the_same_however_it_is_spelled(alike: tuple[Value, ...]) -> None:
    assert len({reading(value) for value in alike}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("01", "1"),
        ("1e0", "1"),
        ("1_0", "10"),
        ("9007199254740993", "9007199254740992"),
        ("", "0"),
        ("١", "1"),
        ("9" * 5000, "1"),
        ("Toxic", "toxic"),
        ("1.5", "1"),
        ("0.1", "0.10000001"),
    ],
)
def test_different_values_stay_different(one: str, other: str) -> None:
    assert reading(one) != reading(other)


def test_a_missing_column_is_named_with_those_there_are_and_the_nearest() -> None:
    table = made({"Comment_Text": "a", "toxic": "1", "x\x1b": ""})
    with pytest.raises(DataError) as caught:
        check_columns(table, ["comment_text"])
    message = str(caught.value)
    assert message.startswith('file.csv has no column "comment_text". Did you mean "Comment_Text"?')
    assert '"Comment_Text", "toxic", "x' in message
    assert "\x1b" not in message
    with pytest.raises(DataError, match="more than one column"):
        check_columns(Table("f", ["text", "text"], [], ""), ["text"])


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "-inf", "1e999", "", "heavy", "1_000", "0x1", "1,5", None])
def test_a_weight_is_a_finite_number_above_0(weight: str | None) -> None:
    tally = Tally()
    assert not usable_rows(made({"text": "a", "label": "1", "weight": weight}), COLUMNS, {}, tally)
    assert tally.rejected == {"bad JSON" if weight is None else "bad weight": 1}


def test_usable_rows_are_normalised_and_the_others_counted_with_an_example() -> None:
    table = made(
        {"text": " A\u200b  b ", "label": " 1 ", "weight": " 2.5 ", "natural": "1.0"},
        {"text": "c", "label": "1", "weight": "1", "natural": "0"},
        {"text": "\u200b \ufeff", "label": "1", "weight": "1", "natural": "true"},
        {"text": "d", "label": "\u00a0", "weight": "1", "natural": "1"},
        {"text": None, "label": "1", "weight": "1", "natural": "1"},
        {"text": "e", "label": "1", "weight": "1"},
    )
    tally = Tally()
    rows = usable_rows(table, COLUMNS, {"natural": 1}, tally)
    assert [(it.text, it.key, it.label, it.weight, it.id, it.place) for it in rows] == [
        ("A b", "a b", "1", 2.5, "1", "line 2")
    ]
    assert tally.filtered == {"where": 2}
    assert tally.rejected == {"empty text": 1, "missing label": 1, "bad JSON": 1}
    assert tally.examples["missing label"] == "line 5: d"


def test_only_the_first_row_of_a_reason_is_its_example_and_it_is_short() -> None:
    tally = Tally()
    rows = [row("\x1b[2J" + "ä" * 500, label, number) for number, label in enumerate("010", start=1)]
    scheme = label_scheme("f", rows, None)
    assert without_contradictions(rows, scheme, tally) == []
    assert tally.rejected == {"contradicting duplicates": 3}
    assert tally.examples["contradicting duplicates"].startswith("line 2: ")
    assert len(tally.examples["contradicting duplicates"]) <= len("line 2: ") + 80
    assert "\x1b" not in tally.examples["contradicting duplicates"]


def test_contradictions_see_through_case_space_and_zero_width_and_spare_the_rest() -> None:
    rows = [row("You Fool", "1", 1), row("you\u200b  fool", "0", 2), row("twice", "1", 3), row("TWICE", "1.0", 4)]
    tally = Tally()
    kept = without_contradictions(rows, label_scheme("f", rows, None), tally)
    assert [it.number for it in kept] == [3, 4]


def test_two_values_with_one_name_do_not_contradict() -> None:
    rows = [row("same", "hate", 1), row("same", "offensive", 2)]
    scheme = label_scheme("f", rows, {"neither": "ok", "hate": "bad", "offensive": "bad"})
    assert scheme.names == ("ok", "bad")
    assert without_contradictions(rows, scheme, Tally()) == rows


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["True", "False", "True"], ("False", "True")),
        (["1.0", "0.0"], ("0.0", "1.0")),
        (["1", "0", "1.0", "true"], ("0", "1")),
        (["10", "9", "2"], ("2", "9", "10")),
        (["b", "B", "a"], ("B", "a", "b")),
    ],
)
def test_labels_are_the_sorted_distinct_values(values: list[str], names: tuple[str, ...]) -> None:
    assert label_scheme("f", [row("x", value) for value in values], None).names == names


@pytest.mark.parametrize(
    ("values", "labels", "message"),
    [
        ([f"{n}.5" for n in range(51)], None, r"51 different values \(.*number or a free-text column"),
        (["1", "1.0"], None, 'at least two labels; found "1"'),
        (["1", "0"], {}, "at least two labels; found none"),
        (["1", "0"], {"0": "same", "1": "same"}, 'found "same"'),
        (["1", "0"], {"1": "toxic", "1.0": "fine"}, 'the value "1.0" two names: "toxic", "fine"'),
    ],
)
def test_a_column_that_is_no_label_is_refused(values: list[str], labels: dict[str, str] | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        label_scheme("f", [row("x", value) for value in values], labels)


def test_fifty_values_are_still_labels() -> None:
    assert len(label_scheme("f", [row("x", str(n)) for n in range(50)], None).names) == 50


def test_the_map_fixes_names_and_order_and_rejects_the_rest() -> None:
    rows = [row("a", "1.0"), row("b", "False"), row("c", "maybe\x07")]
    scheme, tally = label_scheme("f", rows, {"1": "toxic", "0": "fine"}), Tally()
    assert [scheme.of(it) for it in with_known_labels(rows, scheme, tally)] == [(0,), (1,)]
    assert tally.rejected == {"unknown label": 1}
    assert tally.examples == {"unknown label": 'line 2: "maybe\ufffd"'}


def test_each_label_column_is_0_or_1_and_the_whole_row_counts() -> None:
    columns = Columns("text", ["rude", "threat"])
    cells = [("1", "0"), ("1.0", "false"), ("-1", "0"), ("", "1"), ("1\x1f0", "0"), ("0", "0"), ("0", "1")]
    texts = ["a", "b", "c", "d", "e", "same", "SAME"]
    table = Table(
        "f",
        ["text", "rude", "threat"],
        [
            TableRow(n, n + 1, {"text": text, "rude": rude, "threat": threat})
            for n, (text, (rude, threat)) in enumerate(zip(texts, cells, strict=True), start=1)
        ],
        "",
    )
    scheme, tally = label_columns(["rude", "threat"]), Tally()
    known = with_known_labels(usable_rows(table, columns, {}, tally), scheme, tally)
    kept = without_contradictions(known, scheme, tally)
    assert [(it.text, scheme.of(it)) for it in kept] == [("a", (1, 0)), ("b", (1, 0))]
    assert tally.rejected == {"missing label": 1, "unknown label": 2, "contradicting duplicates": 2}
    assert tally.examples["unknown label"] == 'line 4: "-1, 0"'
    assert task_of(scheme, None).problem == "multilabel"
    with pytest.raises(DataError, match='positive = "rude" is for a row that carries one of two labels'):
        task_of(scheme, "rude")


def test_the_positive_label() -> None:
    two = label_scheme("f", [], {"0": "fine", "1": "toxic"})
    three = label_scheme("f", [], {"a": "a", "b": "b", "c": "c"})
    assert task_of(two, None).positive == "toxic"
    assert task_of(two, "fine").positive_index == 0
    assert task_of(label_scheme("f", [row("x", "0.0"), row("x", "1.0")], None), "1").positive == "1.0"
    assert task_of(three, None).positive is None
    with pytest.raises(DataError, match=r'"toxc" is none of the labels: "fine", "toxic". Did you mean "toxic"'):
        task_of(two, "toxc")
    with pytest.raises(DataError, match="exactly two labels; here are 3"):
        task_of(three, "a")
