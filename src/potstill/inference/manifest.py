"""Which files a bundle consists of, each checked byte for byte."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest, sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from potstill.domain.errors import ModelError, in_short
from potstill.domain.lfs import POINTER, pointer_message
from potstill.inference.engine import FILES
from potstill.inference.machine import available_threads

MANIFEST = "manifest.json"
INFO = "bundle.json"
TOKENIZER = "tokenizer.json"
CARD = "README.md"
FORMAT = 1

ALLOWED = frozenset([INFO, TOKENIZER, CARD, *(f"{engine}/{name}" for engine, names in FILES.items() for name in names)])
"""Every name that a file of a bundle can have. There is no pickle among them and no code."""


class Manifest(BaseModel):
    """The hash of every file; written last, so that a bundle without it is not finished."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    files: dict[str, str]
    """SHA-256 by name, relative to the bundle, `/` between folder and file."""


def write_manifest(folder: Path) -> str:
    """Hash what lies in `folder` and write the manifest; the bundle's own hash.

    Raises:
        ModelError: there is a file that no bundle has.
    """
    files = {name: sha256((folder / name).read_bytes()).hexdigest() for name in sorted(_present(folder))}
    content = json.dumps({"format": FORMAT, "files": files}, indent=1).encode()
    partial = folder / f".{MANIFEST}"
    partial.write_bytes(content)
    partial.replace(folder / MANIFEST)
    return sha256(content).hexdigest()


class CheckedFiles:
    """A bundle's files, each checked against the manifest; `digest` is the bundle's own hash, that of its manifest.

    Bytes are checked again whenever they are read: what was opened is what was checked, whoever writes meanwhile.
    """

    def __init__(self, folder: Path, files: dict[str, str], digest: str) -> None:
        self.folder, self.digest = folder, digest
        self._files = files

    def read(self, name: str) -> bytes:
        """The content of one file. Raises ModelError where there is none, or another than the manifest's."""
        if name not in self._files:
            raise ModelError(f"{self.folder} holds no {name}; export it again")
        try:
            content = (self.folder / name).read_bytes()
        except OSError as error:
            raise ModelError(f"{self.folder / name} cannot be read: {error.strerror}") from error
        self._compare(name, sha256(content).hexdigest())
        return content

    def check(self) -> None:
        """Hash every file, several at a time and none in memory as a whole. Raises ModelError as `read` does."""
        # Reading and hashing leave the interpreter to each other.
        with ThreadPoolExecutor(available_threads()) as pool:
            for _ in pool.map(self._check, self._files):
                pass

    def _check(self, name: str) -> None:
        try:
            with (self.folder / name).open("rb") as file:
                if file.read(len(POINTER)) == POINTER:
                    raise ModelError(pointer_message(self.folder / name))
                file.seek(0)
                digest = file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"{self.folder / name} cannot be read: {error.strerror}") from error
        self._compare(name, digest)

    def _compare(self, name: str, digest: str) -> None:
        if digest != self._files[name]:
            raise ModelError(f"{self.folder / name} was changed after the bundle was made; export it again")


def check_manifest(folder: Path, expected: str | None = None) -> CheckedFiles:
    """Check every file against the manifest.

    The hashes show that a bundle is as it was written, not who wrote it: whoever changes a file can change the
    manifest too. `expected`, got by another way, shows who.

    Raises:
        ModelError: a file is missing, changed or not known, a name leaves the folder, or the hash is not `expected`.
    """
    present = _present(folder)
    if MANIFEST not in present:
        raise ModelError(what_it_is(folder) or f"{folder} is not a bundle, or was not finished: it has no {MANIFEST}")
    try:
        content = (folder / MANIFEST).read_bytes()
        if content.startswith(POINTER):
            raise ModelError(pointer_message(folder / MANIFEST))
        manifest = Manifest.model_validate_json(content)
    except OSError as error:
        raise ModelError(f"{folder / MANIFEST} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ModelError(f"{folder / MANIFEST} is damaged: {in_short(error)}; export the bundle again") from error
    if manifest.format != FORMAT:
        raise ModelError(f"{folder} has bundle format {manifest.format}; this version of potstill reads {FORMAT}")
    digest = sha256(content).hexdigest()
    if expected is not None and digest != expected.lower():
        raise ModelError(f"{folder} has the hash {digest}, not the expected {expected}: it is another bundle")
    _check_names(folder, present - {MANIFEST}, set(manifest.files))
    files = CheckedFiles(folder, manifest.files, digest)
    files.check()
    return files


def what_it_is(folder: Path) -> str:
    """What was named in the place of a bundle, and the way out, where that can be told; else empty."""
    if not folder.exists():
        return f"there is no folder {folder}"
    if not folder.is_dir():
        return f"{folder} is a file; a bundle is a folder"
    if (folder / "config.json").is_file():
        return f"{folder} is a model folder, not a bundle: `potstill export {folder} -o BUNDLE` makes one of it"
    return ""


def _check_names(folder: Path, present: set[str], listed: set[str]) -> None:
    unknown = sorted(listed - ALLOWED)
    if unknown:
        raise ModelError(f"{folder / MANIFEST} lists {unknown[0]!r}, which no bundle holds; it is not opened")
    if extra := sorted(present - listed):
        raise ModelError(f"{folder} holds {extra[0]!r}, which its manifest does not list; it is not opened")
    if missing := sorted(listed - present):
        raise ModelError(f"{folder / missing[0]} is missing; export the bundle again")
    if lacking := sorted({INFO, TOKENIZER} - listed):
        raise ModelError(f"{folder} is not a complete bundle: its manifest does not list {lacking[0]}")


def _present(folder: Path) -> set[str]:
    """Names of all files. Raises ModelError for a link, which could lead out of the folder, and for a pipe or a device,
    which would be waited for."""
    names: set[str] = set()
    try:
        for path in folder.rglob("*"):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise ModelError(f"{path} is a link; a bundle holds plain files only")
            if not stat.S_ISDIR(mode):
                if not stat.S_ISREG(mode):
                    raise ModelError(f"{path} is not a plain file; a bundle holds nothing else")
                names.add(path.relative_to(folder).as_posix())
    except OSError as error:
        raise ModelError(f"{folder} cannot be read: {error.strerror}") from error
    return names
