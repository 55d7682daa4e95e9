import pytest

from potstill.domain.language import language_code


def test_a_code_is_two_or_three_small_letters() -> None:
    assert [language_code(code) for code in ("en", "de", "yue")] == ["en", "de", "yue"]
    for wrong in ("English", "EN", "e", "en-GB", "", "und", "e\u0301n"):
        with pytest.raises(ValueError, match="not a code of ISO 639"):
            language_code(wrong)
