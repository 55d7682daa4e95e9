import pytest

from potstill.data.rows import LONGEST_EXCERPT, excerpt


@pytest.mark.parametrize("text", ["\x1b[31mred\x07", "a\nb\tc\rd", "\ud800x", "x" * 500, "\u202etxt\u200b", ""])
def test_an_excerpt_is_short_and_safe_to_print(text: str) -> None:
    shown = excerpt(text)
    assert len(shown) <= LONGEST_EXCERPT
    assert all(char.isprintable() for char in shown)
    shown.encode()
