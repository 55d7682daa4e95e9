"""Bytes of a text file in whatever encoding, as UTF-8."""

import codecs
import re
from collections.abc import Sequence

from potstill.domain.errors import DataError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
"""Byte-order marks. That of UTF-32 begins as that of UTF-16 does, so it stands first."""
_LOOKED_AT = 4096
_IN_WORDS = re.compile(rb"(?<=[a-zA-Z])[\xc0-\xff](?![\xc0-\xff])|[\xc0-\xff](?=[a-zA-Z])")
"""Bytes that are letters in Windows-1252 and stand where a letter would."""
LEAST = 2
"""One odd byte in a whole file is damage, not an encoding."""
_NULS = 0.3
"""A text with so large a share of NUL bytes is UTF-16 without a mark: every second byte of plain English."""


def as_utf8(name: str, content: bytes, encoding: str | None) -> tuple[bytes, list[str]]:
    """The text as UTF-8 without a mark, and what had to be guessed, in words.

    `encoding` is the file's, where the user names it. Else a byte-order mark decides; without one the text is UTF-8
    unless it has bytes that UTF-8 does not know and nothing beyond ASCII that it does. Single damaged bytes in a UTF-8
    file stay as they are: they cost their row, not the file.

    Raises:
        DataError: an encoding that does not exist, or a text that is not in it.
    """
    if encoding:
        return _recoded(name, content, _known(name, encoding)), []
    for mark, marked in _MARKS:
        if content.startswith(mark):
            rest = content[len(mark) :]
            return (rest, []) if marked == "utf-8" else (_recoded(name, rest, marked), [])
    guess = _guess(content)
    if not guess:
        return content, []
    note = f'{name} has no byte-order mark and is not UTF-8: read as {guess}; `encoding = "..."` says otherwise.'
    return _recoded(name, content, guess), [note]


def _known(name: str, encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise DataError(f'{name}: there is no encoding "{encoding}"; common ones are {_COMMON}') from None


_COMMON = "utf-8, utf-16, windows-1252, latin-1, windows-1251, shift_jis"


def _recoded(name: str, content: bytes, encoding: str) -> bytes:
    try:
        return content.decode(encoding).removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{name} is not {encoding}: line {line} cannot be read ({error.reason})") from error


def _guess(content: bytes) -> str:
    """The encoding of a text without a mark; empty for UTF-8."""
    start = content[:_LOOKED_AT]
    nuls: Sequence[int] = [start[parity::2].count(0) for parity in (0, 1)]
    if sum(nuls) > _NULS * len(start):
        return "utf-16-le" if nuls[1] > nuls[0] else "utf-16-be"
    try:
        content.decode("utf-8")
        return ""
    except UnicodeDecodeError:
        pass
    text = content.decode("utf-8", "surrogateescape")
    wrong = sum("\udc80" <= letter <= "\udcff" for letter in text)
    right = sum(letter > "\x7f" for letter in text) - wrong
    if right >= wrong or 2 * len(_IN_WORDS.findall(content)) < wrong or wrong < LEAST:
        return ""
    try:
        content.decode("windows-1252")
        return "windows-1252"
    except UnicodeDecodeError:
        return "latin-1"
