import random
import time
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


def test_marks_in_any_order_become_what_unicode_says() -> None:
    draw = random.Random(0)
    marks = [chr(code) for code in range(0x20000) if unicodedata.combining(chr(code))]
    pool = [*marks, *["\u0f73", "\u0f75", "\u0f81", "\u0344", "é", "a", "가", "\u1100", "\u1161", "😀", "!", "…"] * 10]
    for _ in range(3000):
        text = "".join(draw.choices(pool, k=draw.randrange(80)))
        assert normalise(text) == normalise(unicodedata.normalize("NFD", text)) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("kind", ["a{above}{below}", "{twice}", "{above}e{below}"])
def test_a_text_of_marks_is_normalised_in_linear_time(kind: str) -> None:
    def seconds(count: int) -> float:
        text = kind.format(above="\u0301" * count, below="\u0323" * count, twice="\u0f73" * count)
        started = time.process_time()
        assert normalise(text)
        return time.process_time() - started

    assert seconds(80_000) < 30 * min(seconds(10_000) for _ in range(3)), "in quadratic time it would be 64 times"
