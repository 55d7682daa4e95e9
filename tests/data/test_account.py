import pytest
from rows import row, split_of

from potstill.data.account import check_rows_left, source_account
from potstill.data.labels import label_scheme
from potstill.data.pipeline import reject_contradictions
from potstill.data.rows import Filtered
from potstill.domain.errors import DataError


def test_only_the_first_row_of_a_reason_is_its_example_and_it_is_short() -> None:
    rows = [row("\x1b[2J" + "ä" * 500, number, label=label) for number, label in enumerate("010", start=1)]
    split = reject_contradictions(split_of(rows), label_scheme("f", rows, None))
    assert split.rows == []
    account = source_account(split)
    assert account.rejected == {"contradicting duplicates": 3}
    assert account.examples["contradicting duplicates"].startswith("line 2: ")
    assert len(account.examples["contradicting duplicates"]) <= len("line 2: ") + 80
    assert "\x1b" not in account.examples["contradicting duplicates"]


def test_a_split_without_rows_says_where_they_went_and_one_with_rows_passes() -> None:
    rows = [row("same", 1, label="0"), row("same", 2, label="1"), row("leaked", 3)]
    split = split_of(rows).collect(Filtered("leak") if it.text == "leaked" else it for it in rows)
    check_rows_left([split])
    empty = reject_contradictions(split, label_scheme("f", rows, None))
    with pytest.raises(DataError) as caught:
        check_rows_left([split, empty])
    assert str(caught.value) == (
        "train: no usable row in train.csv. 3 rows: 1 left out (leak); 2 contradicting duplicates (line 2: same)"
    )
