import pytest
from rows import table_of

from potstill.data.row_checks import checked_row
from potstill.data.rows import Rejection
from potstill.data.source import Source


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "-inf", "1e999", "", "heavy", "1_000", "0x1", "1,5", None])
def test_a_weight_is_a_finite_number_above_0(weight: str | None) -> None:
    (row,) = table_of({"text": "a", "label": "1", "weight": weight}).rows
    checked = checked_row(row, Source("file.csv", weight="weight"))
    assert isinstance(checked, Rejection)
    assert checked.reason == ("bad JSON" if weight is None else "bad weight")
