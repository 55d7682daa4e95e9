"""Files of a source: found by name or pattern, read whole, unpacked."""

import difflib
import gzip
import io
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from potstill.domain.errors import DataError

_PATTERN = frozenset("*?[")


def find_files(names: Sequence[str], root: Path) -> list[tuple[str, Path]]:
    """The files that names and patterns mean, relative to `root`, each once, with what messages call it.

    A name that is there is that file even if it looks like a pattern; those of a pattern come in the order of names.

    Raises:
        DataError: a pattern that matches no file.
    """
    names_by_path: dict[Path, str] = {}
    for name in names:
        path = root / name
        if path.exists() or not _PATTERN & set(name):
            names_by_path.setdefault(path, name)
            continue
        matches = [match for match in _matches(root, name) if match.is_file()]
        if not matches:
            raise DataError(f"{name} matches no file in {root}")
        for match in matches:
            names_by_path.setdefault(match, _called(match, root))
    return [(name, path) for path, name in names_by_path.items()]


def _matches(root: Path, pattern: str) -> list[Path]:
    path = Path(pattern)
    base, inner = (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (root, path)
    return sorted(base.glob(str(inner)))


def _called(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def read_bytes(name: str, path: Path) -> bytes:
    """All of a file. Raises DataError where it is missing, a folder, unreadable or empty."""
    if path.is_dir():
        raise DataError(f"{name} is a folder; name a file in it, or several with {name.rstrip('/')}/*.csv")
    if not path.exists():
        raise DataError(f"{name} does not exist.{_neighbours(path)}")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error
    if not raw:
        raise DataError(f"{name} is empty")
    return raw


def content_of(raw: bytes, *, gzipped: bool) -> BinaryIO:
    """The content of a file, unpacked as it is read: a packed one may be a thousand times as large. Reading it raises
    what `unpacking` explains."""
    return cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(raw))) if gzipped else io.BytesIO(raw)


@contextmanager
def unpacking(name: str) -> Generator[None]:
    """Raises DataError for what reading the gzip file that messages call `name` raises."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{name} is not a whole gzip file ({error}); pack it again or fetch it again") from error


LONGEST_MAGIC = 64
"""Bytes by which a kind is told."""


def check_format(name: str, start: bytes) -> None:
    """Raise DataError where a file that starts so is of another kind than its name says."""
    kinds = {
        b"\x1f\x8b": "is gzipped (once more than its name says); end its name in .gz",
        b"PK\x03\x04": "is a zip archive or a spreadsheet; save it as CSV",
        b"\xd0\xcf\x11\xe0": "is an old spreadsheet; save it as CSV",
        b"PAR1": "is a Parquet file; end its name in .parquet",
        b"BZh": "is packed with bzip2; unpack it",
        b"\xfd7zXZ": "is packed with xz; unpack it",
        b"\x28\xb5\x2f\xfd": "is packed with zstd; unpack it",
        b"<!DOCTYPE": "is a web page, perhaps one that says why there is no file",
        b"<html": "is a web page, perhaps one that says why there is no file",
        b"version https://git-lfs": "is a pointer of Git LFS, not the file itself: fetch it with `git lfs pull`",
    }
    for magic, meaning in kinds.items():
        if start.startswith(magic):
            raise DataError(f"{name} {meaning}")


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f" Its folder {path.parent} does not exist either."
    files = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    near = difflib.get_close_matches(path.name, files, n=3, cutoff=0.4)
    return f" Near it in {path.parent}: {', '.join(near)}." if near else ""
