import unicodedata

import pytest

from potstill.domain.normalise import NORMALISE_VERSION, normalise


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain", "plain"),
        ("  two \t\r\n lines\n\n", "two lines"),
        ("non\u00a0breaking\u2003wide\u2028line\u3000ideographic", "non breaking wide line ideographic"),
        ("i\u200bd\u200ci\u200do\u2060t\ufeff s\u00adoft", "idiot soft"),
        ("\u202eright to left\u202c", "\u202eright to left\u202c"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u212bngstr\u00f6m", "\u00c5ngstr\u00f6m"),
        ("Keeps CASE, ﬁ and ①", "Keeps CASE, ﬁ and ①"),
        ("", ""),
        (" \u200b \ufeff ", ""),
    ],
)
def test_what_is_folded_and_what_is_kept(given: str, expected: str) -> None:
    assert normalise(given) == expected


def test_a_zero_width_character_between_letter_and_accent_does_not_keep_them_apart() -> None:
    assert normalise("e\u200b\u0301") == "\u00e9"


def test_it_is_idempotent_and_canonical_over_every_character() -> None:
    for code in [*range(0x3100), *range(0xA000, 0xD800), *range(0xE000, 0x20000)]:
        for text in (f"a{chr(code)}b", f"{chr(code)}\u0301 {chr(code)}"):
            once = normalise(text)
            assert normalise(once) == once
            assert unicodedata.is_normalized("NFC", once)
            assert once == once.strip()


def test_a_decomposed_and_a_composed_text_become_the_same() -> None:
    text = "Ünïcödé Ação 각 が"
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(text)


def test_a_change_of_meaning_needs_a_new_version() -> None:
    """Models store the version: whoever changes what `normalise` does has to change this line as well."""
    assert (NORMALISE_VERSION, normalise("A\u200b \n B\u0301")) == (1, "A B\u0301")
