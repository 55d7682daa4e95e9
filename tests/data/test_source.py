import pytest

from potstill.data.source import check_columns
from potstill.domain.errors import DataError


def test_a_missing_column_is_named_with_those_there_are_and_the_nearest() -> None:
    with pytest.raises(DataError) as caught:
        check_columns("file.csv", ["Comment_Text", "toxic", "x\x1b"], ["comment_text"])
    message = str(caught.value)
    assert message.startswith('file.csv has no column "comment_text". Did you mean "Comment_Text"?')
    assert '"Comment_Text", "toxic", "x' in message
    assert "\x1b" not in message
    with pytest.raises(DataError, match="more than one column"):
        check_columns("f", ["text", "text"], ["text"])
