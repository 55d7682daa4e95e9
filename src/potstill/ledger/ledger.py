"""Finished runs on disk: a folder whose existence means that the run is done."""

import io
import json
import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic import JsonValue, ValidationError

from potstill.domain.errors import PotstillError
from potstill.domain.record import RunRecord

FORMAT = 3
"""Part of every digest: raise it when the same settings no longer give the same result, as after a changed default."""

_PARTIAL = ".partial-"


def digest_of(identity: dict[str, JsonValue]) -> str:
    """SHA-256 of everything that a run's result depends on, as canonical JSON."""
    text = json.dumps({"format": FORMAT, **identity}, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return sha256(text.encode()).hexdigest()


def run_folder(arm: str, seed: int, digest: str) -> str:
    """What the folder of a run is called."""
    return f"{arm}-s{seed}-{digest[:12]}"


class Ledger:
    """The runs of one study folder.

    A run is written into a folder of its own beside its place, checked, and renamed into it, so that a process killed
    at any moment leaves either a whole run or none. Only one process writes to a ledger at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lock(self) -> FileLock:
        """A lock to be held while running; raises PotstillError at once where another process holds it."""
        return folder_lock(self.folder)

    def sweep(self) -> list[str]:
        """Remove what a killed process left half written; the names of what was removed."""
        left = sorted(path for path in self.folder.glob(f"{_PARTIAL}*"))
        for path in left:
            shutil.rmtree(path)
        return [path.name for path in left]

    def place(self, arm: str, seed: int, digest: str) -> Path:
        """Where the run of `arm` at `seed` with `digest` is or will be."""
        return self.folder / run_folder(arm, seed, digest)

    def find(self, arm: str, seed: int, digest: str) -> RunRecord | None:
        """The finished run, or None. A failed run counts as not there: it is tried again."""
        if not self.place(arm, seed, digest).is_dir():
            return None
        record = self.read(arm, seed, digest)
        return record if record.status == "done" else None

    def read(self, arm: str, seed: int, digest: str) -> RunRecord:
        """The run that was written, finished or failed; raises PotstillError where there is none."""
        place = self.place(arm, seed, digest)
        record = read_record(place)
        if record.digest != digest:
            raise PotstillError(f"{place} belongs to another run ({record.digest}); move it away")
        return record

    @contextmanager
    def writing(self, arm: str, seed: int, digest: str) -> Generator[Path]:
        """A folder to write a run into, `run.json` included; it takes its place when the block ends without an error.

        After an error it is removed and nothing has changed.
        """
        place = self.place(arm, seed, digest)
        partial = self.folder / f"{_PARTIAL}{place.name}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            read_record(partial)
            _make_durable(partial)
        except BaseException:
            shutil.rmtree(partial)
            raise
        if place.is_dir():
            shutil.rmtree(place)  # only ever a failed run: a finished one is found before it is made again
        partial.rename(place)
        _sync(self.folder)

    def cached(self, name: str, compute: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        """The array kept under `name`, computed and kept where it is not there yet."""
        path = self.folder / f"{name}.npy"
        if not path.is_file():
            content = io.BytesIO()
            np.save(content, compute(), allow_pickle=False)
            write_file(path, content.getvalue())
        return np.load(path, allow_pickle=False)


def read_record(place: Path) -> RunRecord:
    """The record in a run's folder; raises PotstillError where it cannot be read."""
    path = place / "run.json"
    try:
        return RunRecord.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise PotstillError(f"{path} is no readable run: {error}; move the folder away and run again") from error


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
    _sync(aside)
    aside.replace(path)
    _sync(path.parent)


def _make_durable(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
