"""Finished runs on disk: a folder whose existence means that the run is done."""

import io
import json
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from pydantic import JsonValue

from potstill.domain.errors import PotstillError
from potstill.domain.record import RunRecord
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import RUN_FILE
from potstill.ledger.files import folder_lock, sync, sync_folder, write_file
from potstill.ledger.seals import check_seal

FORMAT = 3
"""Part of every digest: raise it when the same settings no longer give the same result, as after a changed default."""

_PARTIAL = ".partial-"


def digest_of(identity: dict[str, JsonValue]) -> str:
    """SHA-256 of everything that a run's result depends on, as canonical JSON."""
    text = json.dumps({"format": FORMAT, **identity}, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return sha256(text.encode()).hexdigest()


class Ledger:
    """The runs of one study, in the folder `path`.

    A run is written into a folder of its own beside its place, checked, and renamed into it, so that a process killed
    at any moment leaves either a whole run or none. Only one process writes to a ledger at a time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def lock(self) -> FileLock:
        """A lock to be held while running; raises PotstillError at once where another process holds it."""
        return folder_lock(self.path)

    def sweep(self) -> list[str]:
        """Remove what a killed process left half written; the names of what was removed."""
        left = sorted(path for path in self.path.glob(f"{_PARTIAL}*"))
        for path in left:
            shutil.rmtree(path)
        return [path.name for path in left]

    def place(self, key: RunKey) -> Path:
        """Where the run is or will be."""
        return self.path / key.folder

    def find(self, key: RunKey) -> RunRecord | None:
        """The finished run, or None. A failed run counts as not there: it is tried again."""
        if not self.place(key).is_dir():
            return None
        record = self.read(key)
        return record if record.status == "done" else None

    def read(self, key: RunKey) -> RunRecord:
        """The run that was written, finished or failed; raises PotstillError where there is none."""
        place = self.place(key)
        record = read_record(place)
        if record.digest != key.digest:
            raise PotstillError(f"{place} belongs to another run ({record.digest}); move it away")
        return record

    @contextmanager
    def writing(self, key: RunKey) -> Generator[Path]:
        """A folder to write a run into, `run.json` included; it takes its place when the block ends without an error.

        After an error it is removed and nothing has changed.
        """
        place = self.place(key)
        partial = self.path / f"{_PARTIAL}{place.name}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            read_record(partial)
            sync_folder(partial)
        except BaseException:
            shutil.rmtree(partial)
            raise
        if place.is_dir():
            shutil.rmtree(place)  # only ever a failed run: a finished one is found before it is made again
        partial.rename(place)
        sync(self.path)

    def cached(self, name: str, compute: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        """The array kept under `name`, computed and kept where it is not there yet."""
        path = self.path / f"{name}.npy"
        if not path.is_file():
            content = io.BytesIO()
            np.save(content, compute(), allow_pickle=False)
            write_file(path, content.getvalue())
        return np.load(path, allow_pickle=False)


def read_record(place: Path) -> RunRecord:
    """The record in a run's folder; raises PotstillError where it cannot be read, or was changed since."""
    path = place / RUN_FILE
    try:
        text = path.read_text(encoding="utf-8")
        check_seal(text, path)
        return RunRecord.model_validate_json(text)
    except (OSError, ValueError) as error:
        raise PotstillError(f"{path} is not a readable run: {error}; move the folder away and run again") from error
