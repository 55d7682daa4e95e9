import sys
from typing import Any

import pytest

from potstill.domain.notebook import Tabular, progress_html, table_html

HOSTILE = "<script>alert(1)</script>"


class Fruit(Tabular):
    def records(self) -> list[dict[str, Any]]:
        return [{"name": HOSTILE, "grams": 80.123456}, {"name": "pear", "grams": None, "seeds": [1, 2]}]

    def caption(self) -> str:
        return "a & b"


def test_a_table_is_shown_with_every_column_and_nothing_in_it_is_markup() -> None:
    assert Fruit().to_html() == (
        "<table><caption>a &amp; b</caption><thead><tr><th>name</th><th>grams</th><th>seeds</th></tr></thead><tbody>"
        "<tr><td>&lt;script&gt;alert(1)&lt;/script&gt;</td><td>80.12</td><td></td></tr>"
        "<tr><td>pear</td><td></td><td>1, 2</td></tr></tbody></table>"
    )
    assert table_html([HOSTILE], [[HOSTILE]], HOSTILE).count("<script") == 0


def test_a_table_is_a_data_frame() -> None:
    frame = Fruit().to_frame()
    assert list(frame.columns) == ["name", "grams", "seeds"]
    assert frame["grams"][0] == 80.123456


def test_without_pandas_a_data_frame_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # as Python has it where a module cannot be imported
    with pytest.raises(ModuleNotFoundError, match=r"pip install pandas, or pip install 'potstill\[lab\]'"):
        Fruit().to_frame()


def test_a_bar_has_an_end_where_the_work_has_one() -> None:
    assert progress_html("even <0>", 12, 1000) == (
        '<div><progress value="12" max="1000"></progress> 12 of 1,000: even &lt;0&gt;</div>'
    )
    assert progress_html("working", 0, None) == "<div><progress></progress> working</div>"
