"""Languages by their codes, and what is done about a text in another than a model was made for."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

LanguageMode = Literal["off", "warn", "strict"]
"""Texts are not looked at, are answered with a warning, or are refused."""
UNDETERMINED = "und"
"""ISO 639 for a language that is not known."""
_CODE = re.compile(r"[a-z]{2,3}")


def language_code(text: str) -> str:
    """A code of ISO 639 such as `en`. Raises ValueError for what has not its form."""
    if not _CODE.fullmatch(text) or text == UNDETERMINED:
        raise ValueError(f'"{text}" is not a code of ISO 639, such as en for English or de for German')
    return text


LanguageCode = Annotated[str, AfterValidator(language_code)]
