import pytest

from potstill.domain.readable import has_marks, is_blank, silent_ids

UNMARKED = [
    "",
    " \n\t ",
    "\x00\x01",
    "\u200b\u200d\ufeff",
    "\u00ad",
    "\u202e",
    "\ufe0f",
    "\u2800\u3164",
    "\ud83d",
    "\ufffd",
]


@pytest.mark.parametrize("text", UNMARKED)
def test_a_text_that_shows_nothing_has_no_marks(text: str) -> None:
    assert not has_marks(text)
    assert is_blank(text, [7, 8], silent_ids({"[UNK]": 1}.get)), "whatever a tokenizer makes of it"


@pytest.mark.parametrize("text", ["a", ".", "?", "0", "é", "e\u0301", "你", "👍", "م", "\x00a", "\u200b!"])
def test_a_visible_sign_is_a_mark(text: str) -> None:
    assert has_marks(text)
    assert not is_blank(text, [7], silent_ids({"[UNK]": 1}.get))


def test_tokens_that_say_nothing_of_a_text_leave_it_blank() -> None:
    silent = silent_ids({"<unk>": 3, "▁": 6, "▁hello": 9}.get)
    assert silent == {3, 6}
    assert is_blank("👍 👍", [6, 3, 6, 3], silent)
    assert is_blank("👍", [], silent)
    assert not is_blank("hello 👍", [9, 6, 3], silent)
