"""Hashes in a run's record, so that what was edited afterwards does not pass for what was measured.

They show that a run is as it was written, not who wrote it: whoever edits a figure can work the hash out anew.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from potstill.domain.errors import PotstillError
from potstill.domain.record import RunRecord

LOGITS = "logits.npz"
SEAL = "seal"


def sealed(record: RunRecord, folder: Path, *, compact: bool = False) -> bytes:
    """The record as `run.json` has it, with the hashes of the logits in `folder`, if there are any, and of itself;
    `compact` leaves out what is as it is by default, but for the format."""
    logits = folder / LOGITS
    files = {LOGITS: sha256(logits.read_bytes()).hexdigest()} if logits.is_file() else {}
    unsealed = record.model_copy(update={"files": files, SEAL: ""})
    content = json.loads(unsealed.model_dump_json(exclude_defaults=compact))
    content = {"format": record.format, **content, SEAL: ""}
    content[SEAL] = seal_of(content)
    return json.dumps(
        content, ensure_ascii=False, indent=None if compact else 1, separators=(",", ":") if compact else None
    ).encode()


def seal_of(content: dict[str, Any]) -> str:
    """SHA-256 of everything in a record but its seal, as canonical JSON: of what the file says, whatever its keys, so
    that a record of a later version has the seal that it was given."""
    rest = {key: value for key, value in content.items() if key != SEAL}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_seal(text: str, path: Path) -> None:
    """Raise PotstillError for a record, read from `path`, that was changed after it was sealed; ValueError for what is
    not JSON. One without a seal is of an earlier version."""
    content: Any = json.loads(text)
    if isinstance(content, dict) and content.get(SEAL) and content[SEAL] != seal_of(content):  # type: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        raise PotstillError(_altered(path, path.parent))


def checked_content(place: Path, record: RunRecord, name: str = LOGITS) -> bytes:
    """A file of a run. Raises PotstillError where it is not the one that the record was written beside, OSError where
    there is none."""
    content = (place / name).read_bytes()
    if name in record.files and sha256(content).hexdigest() != record.files[name]:
        raise PotstillError(_altered(place / name, place))
    return content


def _altered(path: Path, place: Path) -> str:
    return (
        f"{path} was changed after the run was made: it is not what its hash in run.json says, and no figure of "
        f"{place.name} can be believed. Move that folder away; `potstill run` makes the run again"
    )
