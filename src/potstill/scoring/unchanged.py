"""Whether a file stays as it is while it is read."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from potstill.domain.errors import DataError
from potstill.scoring.incoming import open_file

_EDGE = 1 << 20
Content = list[int | str]
"""Size, time of the last change, hash of both ends. The time too: an edit in the middle of a large file may change
neither its size nor its ends."""


def content_of(path: Path) -> Content:
    """What tells the content of a file from another, without all of it being read. Raises DataError."""
    with open_file(path) as file:
        status = os.fstat(file.fileno())
        head = file.read(_EDGE)
        file.seek(max(0, status.st_size - _EDGE))
        return [status.st_size, status.st_mtime_ns, sha256(head + file.read(_EDGE)).hexdigest()]


@contextmanager
def unchanged(source: str, before: Content, outcome: str) -> Generator[Callable[[], None]]:
    """Check that the file `source` is as it was `before`: when the block ends, with an error too, and whenever it calls
    what it is given. What was read of a file that grows, shrinks or is replaced is nobody's table.

    Raises:
        DataError: it is not; `outcome` says what became of the job, and the way out.
    """

    def check(cause: DataError | None = None) -> None:
        if change := _change(source, before):
            raise DataError(f"{source} {change}: {outcome}") from cause

    try:
        yield check
    except DataError as error:
        check(error)
        raise
    check()


def _change(source: str, before: Content) -> str:
    """What happened to the file; nothing where it is as it was."""
    try:
        after = content_of(Path(source))
    except DataError:
        return "was taken away while it was read"
    if after == before:
        return ""
    sizes = "" if after[0] == before[0] else f" ({before[0]:,} bytes at the start, {after[0]:,} now)"
    return f"changed while it was read{sizes}"
