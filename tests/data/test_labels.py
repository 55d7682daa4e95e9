import pytest
from rows import row

from potstill.data.labels import label_scheme, task_of
from potstill.domain.errors import DataError


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
    assert label_scheme("f", [row("x", label=value) for value in values], None).names == names


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
        label_scheme("f", [row("x", label=value) for value in values], labels)


def test_fifty_values_are_still_labels() -> None:
    assert len(label_scheme("f", [row("x", label=str(n)) for n in range(50)], None).names) == 50


def test_the_positive_label() -> None:
    two = label_scheme("f", [], {"0": "fine", "1": "toxic"})
    three = label_scheme("f", [], {"a": "a", "b": "b", "c": "c"})
    assert task_of(two, None).positive == "toxic"
    assert task_of(two, "fine").positive_index == 0
    assert task_of(label_scheme("f", [row("x", label="0.0"), row("x", label="1.0")], None), "1").positive == "1.0"
    assert task_of(three, None).positive is None
    with pytest.raises(DataError, match=r'"toxc" is none of the labels: "fine", "toxic". Did you mean "toxic"'):
        task_of(two, "toxc")
    with pytest.raises(DataError, match="exactly two labels; here are 3"):
        task_of(three, "a")
