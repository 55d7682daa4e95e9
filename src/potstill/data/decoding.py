"""Text files in whatever encoding, as lines of text or of UTF-8, in constant memory."""

import codecs
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

from potstill.domain.errors import DataError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
"""Byte-order marks. That of UTF-32 begins as that of UTF-16 does, so it stands first."""
_LOOKED_AT = 4096
_CHUNK = 1 << 16
_IN_WORDS = re.compile(rb"(?<=[a-zA-Z])[\xc0-\xff](?![\xc0-\xff])|[\xc0-\xff](?=[a-zA-Z])")
"""Bytes that are letters in Windows-1252 and stand where a letter would."""
LEAST = 2
"""One odd byte in a whole file is damage, not an encoding."""
_NULS = 0.3
"""A text with so large a share of NUL bytes is UTF-16 without a mark: every second byte of plain English."""
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
"""Bytes to which Windows-1252 gives no letter."""


@dataclass(frozen=True)
class TextContent:
    """The content of a text file, which can be read again and again: `reopen` gives its bytes from the beginning.

    `notes` say what had to be guessed. The first `skipped` bytes are a byte-order mark.
    """

    reopen: Callable[[], BinaryIO]
    encoding: str
    skipped: int = 0
    notes: Sequence[str] = ()

    def text(self, newline: Literal["", "\n"] = "") -> io.TextIOWrapper:
        """The text, with its line ends as they are: any, or `newline` alone. Damaged bytes of UTF-8 are escaped."""
        damaged = "surrogateescape" if self.encoding == "utf-8" else "strict"
        return io.TextIOWrapper(self._content(), encoding=self.encoding, errors=damaged, newline=newline)

    def utf8_readline(self) -> Callable[[int], bytes]:
        """What gives the next line, which ends in a newline, as UTF-8: at most so many bytes or letters of it."""
        if self.encoding == "utf-8":
            return self._content().readline
        stream = self.text("\n")
        return lambda most: stream.readline(most).encode("utf-8", "surrogatepass")

    def _content(self) -> BinaryIO:
        stream = self.reopen()
        stream.read(self.skipped)
        return stream


def text_content(name: str, reopen: Callable[[], BinaryIO], encoding: str | None) -> TextContent:
    """The content of the file that messages call `name`, in its encoding.

    `encoding` is the file's, where the user names it. Else a byte-order mark decides; without one the text is UTF-8
    unless it has bytes that UTF-8 does not know and nothing beyond ASCII that it does. Single damaged bytes in a UTF-8
    file stay as they are: they cost their row, not the file.

    Raises:
        DataError: an encoding that does not exist, or a text that is not in it.
    """
    if encoding:
        return _checked(name, TextContent(reopen, _known(name, encoding)))
    start = reopen().read(_LOOKED_AT)
    marked = next((marked for mark, marked in _MARKS if start.startswith(mark)), None)
    if marked:
        return _checked(name, TextContent(reopen, marked), strict=marked != "utf-8")
    guess = _guess(start, reopen)
    if not guess:
        return TextContent(reopen, "utf-8")
    note = f'{name} has no byte-order mark and is not UTF-8: read as {guess}; `encoding = "..."` says otherwise.'
    return _checked(name, TextContent(reopen, guess, notes=[note]))


def _known(name: str, encoding: str) -> str:
    try:
        b"a".decode(encoding)  # an encoding of text, that is: Python has some of bytes
        return codecs.lookup(encoding).name
    except UnicodeError:
        return codecs.lookup(encoding).name
    except LookupError:
        raise DataError(f'{name}: there is no encoding "{encoding}"; common ones are {_COMMON}') from None


_COMMON = "utf-8, utf-16, windows-1252, latin-1, windows-1251, shift_jis"


def _checked(name: str, content: TextContent, *, strict: bool = True) -> TextContent:
    """The content without its byte-order mark. Raises DataError where it is not in its encoding and should be."""
    encoding = content.encoding
    mark = (
        "\ufeff".encode(encoding, "ignore") if not "".encode(encoding) else b""
    )  # else the encoding looks for it itself
    marked = replace(content, skipped=len(mark) if content.reopen().read(4).startswith(mark) else 0)
    if not strict:
        return marked
    decoder, stream, line = codecs.getincrementaldecoder(encoding)(), content.reopen(), 1
    while True:
        chunk = stream.read(_CHUNK)
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            # What it was given includes bytes that it had kept, whose lines are counted already.
            kept = len(error.object) - len(chunk)
            line += error.object[: error.start].count(b"\n") - error.object[:kept].count(b"\n")
            raise DataError(f"{name} is not {encoding}: line {line} cannot be read ({error.reason})") from error
        except UnicodeError as error:
            raise DataError(f"{name} is not {encoding}: {error}") from error
        if not chunk:
            return marked
        line += chunk.count(b"\n")


def _guess(start: bytes, reopen: Callable[[], BinaryIO]) -> str:
    """The encoding of a text without a mark; empty for UTF-8."""
    nuls: Sequence[int] = [start[parity::2].count(0) for parity in (0, 1)]
    if sum(nuls) > _NULS * len(start):
        return "utf-16-le" if nuls[1] > nuls[0] else "utf-16-be"
    right = wrong = in_words = 0
    windows = True
    for piece in _pieces(reopen()):
        text = piece.decode("utf-8", "surrogateescape")
        damaged = len(_NOT_UTF8.findall(text))
        wrong += damaged
        right += len(text) - len(text.encode("ascii", "ignore")) - damaged
        in_words += len(_IN_WORDS.findall(piece))
        windows = windows and not _NOT_WINDOWS.search(piece)
    if right >= wrong or 2 * in_words < wrong or wrong < LEAST:
        return ""
    return "windows-1252" if windows else "latin-1"


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """The parts of a stream that are not all ASCII: of whole lines, so that none begins within a letter."""
    while piece := stream.read(_CHUNK) + stream.readline(_CHUNK):
        if not piece.isascii():
            yield piece
