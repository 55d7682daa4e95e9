"""What a bundle consists of, byte for byte."""

import json
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from potstill.domain.errors import ModelError
from potstill.inference.engine import FILES

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
    files = {name: _hash(folder / name) for name in sorted(_present(folder))}
    content = json.dumps({"format": FORMAT, "files": files}, indent=1).encode()
    partial = folder / f".{MANIFEST}"
    partial.write_bytes(content)
    partial.replace(folder / MANIFEST)
    return sha256(content).hexdigest()


def check_manifest(folder: Path, expected: str | None = None) -> str:
    """Check every file against the manifest; the bundle's own hash, which is that of the manifest.

    The hashes show that a bundle is as it was written, not who wrote it: whoever changes a file can change the
    manifest too. `expected`, got by another way, shows who.

    Raises:
        ModelError: a file is missing, changed or not known, a name leaves the folder, or the hash is not `expected`.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        manifest = Manifest.model_validate_json(content)
    except OSError as error:
        raise ModelError(f"{folder} is no bundle, or was not finished: it has no {MANIFEST}") from error
    except ValidationError as error:
        raise ModelError(f"{folder / MANIFEST} is damaged: {error}") from error
    if manifest.format != FORMAT:
        raise ModelError(f"{folder} has bundle format {manifest.format}; this version of potstill reads {FORMAT}")
    digest = sha256(content).hexdigest()
    if expected is not None and digest != expected.lower():
        raise ModelError(f"{folder} has the hash {digest}, not the expected {expected}: it is another bundle")
    _check_names(folder, set(manifest.files))
    for name, wanted in manifest.files.items():
        if _hash(folder / name) != wanted:
            raise ModelError(f"{folder / name} was changed after the bundle was made; export it again")
    return digest


def _check_names(folder: Path, listed: set[str]) -> None:
    unknown = sorted(listed - ALLOWED)
    if unknown:
        raise ModelError(f"{folder / MANIFEST} lists {unknown[0]!r}, which no bundle holds; it is not opened")
    present = _present(folder) - {MANIFEST}
    if extra := sorted(present - listed):
        raise ModelError(f"{folder} holds {extra[0]!r}, which its manifest does not list; it is not opened")
    if missing := sorted(listed - present):
        raise ModelError(f"{folder / missing[0]} is missing; export the bundle again")
    if lacking := sorted({INFO, TOKENIZER} - listed):
        raise ModelError(f"{folder} is no whole bundle: its manifest lists no {lacking[0]}")


def _present(folder: Path) -> set[str]:
    """Names of all files; a link of any kind is refused, it could lead out of the folder."""
    names: set[str] = set()
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise ModelError(f"{path} is a link; a bundle holds plain files only")
        if path.is_file():
            names.add(path.relative_to(folder).as_posix())
    return names


def _hash(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
