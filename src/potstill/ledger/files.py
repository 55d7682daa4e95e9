"""Files and folders that are there whole or not at all, however the process that writes them ends."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from potstill.domain.errors import PotstillError


def folder_lock(folder: Path) -> FileLock:
    """A lock on a folder, which is made where it is missing; raises PotstillError where another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise PotstillError(f"{folder} is in use by another potstill process; wait for it or stop it") from error
    return lock


def write_file(path: Path, content: bytes) -> None:
    """Write a file aside and rename it, so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    aside.write_bytes(content)
    put_in_place(aside, path)


@contextmanager
def folder_aside(out: Path) -> Generator[Path]:
    """A folder to write into, which becomes `out` when the block ends without an error; after one nothing is left."""
    aside = out.with_name(f".{out.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        aside.replace(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def put_in_place(aside: Path, path: Path) -> None:
    """Rename a file that was written aside, once it is on disk."""
    sync(aside)
    aside.replace(path)
    sync(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until a folder and all that is in it are on disk."""
    for path in sorted(folder.rglob("*")):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
