import sys

import pytest

from potstill.domain.errors import ModelError
from potstill.inference.languages import Detection, LanguageCheck

ENGLISH = [
    "hi", "ok", "Thanks!", "Good morning", "no", "lol", "hahaha", "sooooo coool", "I agree with you.", "Question",
    "@someone https://example.com/der-die-das #genau", "1234", "👍", "?!", "", "naïve café", "he wanna be right",
]  # fmt: skip
FOREIGN = {
    "Das Wetter ist heute sehr schön.": "de",
    "Je suis tout à fait d'accord.": "fr",
    "Привет": "und",
    "Спасибо за быстрый ответ": "ru",
    "Buenos días a todos": "es",
    "Teşekkür ederim": "tr",
    "这是个好主意。": "zh",
    "شكرا جزيلا على المساعدة": "ar",
}


@pytest.fixture(scope="module")
def check() -> LanguageCheck:
    return LanguageCheck(["en"])


def test_a_short_english_text_is_not_accused(check: LanguageCheck) -> None:
    assert [text for text, each in zip(ENGLISH, check.detect(ENGLISH), strict=True) if each.foreign] == []
    assert check.detect(["I will come by tomorrow."]) == [Detection("en", foreign=False)]


@pytest.mark.parametrize("text", FOREIGN)
def test_a_text_in_another_language_is_told(check: LanguageCheck, text: str) -> None:
    (detection,) = check.detect([text])
    assert (detection.foreign, detection.foreign_language) == (True, FOREIGN[text])


def test_what_a_model_declares_is_not_foreign() -> None:
    both = LanguageCheck(["en", "de"])
    assert [each.foreign for each in both.detect(["Das Wetter ist schön.", "Je suis d'accord."])] == [False, True]
    rare = LanguageCheck(["mt"])
    assert rare.detect(["Il-baħar illum huwa sabiħ ħafna."]) == [Detection("mt", foreign=False)]


def test_tags_are_held_against_the_languages() -> None:
    check = LanguageCheck(["en", "zh"])
    assert [check.serves(tag) for tag in ("en", "EN-gb", "en_US", "zh")] == [True] * 4
    assert [check.serves(tag) for tag in ("de", "zh-Latn", "", "e", "-")] == [False] * 5


def test_only_the_beginning_of_a_text_is_read(check: LanguageCheck) -> None:
    assert not check.detect(["I agree with you. " * 60 + "Das Wetter ist schön. " * 2000])[0].foreign
    assert check.detect(["a" * 1_000_000, "1" * 1_000_000, "\ud83d"])


def test_where_nothing_can_be_checked_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    undeclared = LanguageCheck([])
    assert (undeclared.is_on, undeclared.detect(["Das ist gut."])[0].foreign) == (False, False)
    assert "declares no languages" in undeclared.note
    with pytest.raises(ModelError, match="--languages strict: the model declares no languages"):
        LanguageCheck([], "strict")
    off = LanguageCheck(["en"], "off")
    assert (off.is_on, off.note, off.detect(["Das ist gut."])[0].foreign) == (False, "", False)
    assert "does not know xx" in LanguageCheck(["xx"]).note
    monkeypatch.setitem(sys.modules, "py3langid", None)
    monkeypatch.setattr("potstill.inference.languages.find_spec", lambda name: None)
    missing = LanguageCheck(["en"])
    assert not missing.is_on
    assert "pip install 'potstill[languages]'" in missing.note
    with pytest.raises(ModelError, match=r"potstill\[languages\]"):
        LanguageCheck(["en"], "strict")
