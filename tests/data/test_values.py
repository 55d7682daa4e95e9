import pytest

from potstill.data.values import Value, reading


@pytest.mark.parametrize(
    "alike", [(1, "1", " 1 ", "1.0", 1.0, True, "true", "TRUE", "+1", "1.000"), ("0", False, -0.0)]
)
def test_a_value_reads_the_same_however_it_is_spelled(alike: tuple[Value, ...]) -> None:
    assert len({reading(value) for value in alike}) == 1


@pytest.mark.parametrize(
    ("first", "second"),
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
def test_different_values_stay_different(first: str, second: str) -> None:
    assert reading(first) != reading(second)
