"""Whether a bundle that lies in its study's folder is what the study would export now.

A bundle elsewhere is not held against anything: it says what it was made from, but not where that lies.
"""

from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, JsonValue, ValidationError

from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import RUN_FILE, StudyFolder
from potstill.domain.study_record import StudyRecord
from potstill.inference.info import MadeFrom
from potstill.inference.manifest import INFO


class _Origin(BaseModel):
    """Of a bundle's description what says where it comes from: all of it need not be read for that."""

    name: str
    made_from: MadeFrom | None = None
    provenance: dict[str, JsonValue] = {}


def why_stale(bundle: Path) -> str | None:
    """Why a bundle is not what its study would export now, with the way out; None where it is, where there is no study
    beside it, or where nothing can be said."""
    study = StudyFolder(bundle.absolute().parent)
    if not study.is_study():
        return None
    try:
        origin = _Origin.model_validate_json((bundle / INFO).read_bytes())
        reason = _reason(study, study.record(), _made_from(origin, bundle))
    except (OSError, ValidationError, PotstillError):  # whoever opens them is told
        return None
    if reason is None:
        return None
    way_out = f"remove it, and `potstill export {bundle.parent}` makes a new one"
    return f"{bundle} was made before the last run of its study: {reason}; {way_out}"


def _made_from(origin: _Origin, bundle: Path) -> MadeFrom:
    """What the bundle says, or what an earlier version left of it: the arm, and its run's digest."""
    return origin.made_from or MadeFrom(
        study="", arm=origin.name, picked=bundle.name == StudyFolder(bundle.parent).bundle().name,
        run=str(origin.provenance.get("digest", "")), record_sha256="", runs="",
    )  # fmt: skip


def _reason(study: StudyFolder, record: StudyRecord, made: MadeFrom) -> str | None:
    if not made.run:
        return None
    key = next((key for key in record.runs if key.digest == made.run), None)
    if key is None:
        return f'"{made.arm}" was another model then'
    if made.picked and record.picked != made.arm:
        now = f'now "{record.picked}" is picked' if record.picked else f"now none is picked: {record.why_none}"
        return f'"{made.arm}" was picked then, {now}'
    run = study.run(key) / RUN_FILE
    if made.record_sha256 and run.is_file() and sha256(run.read_bytes()).hexdigest() != made.record_sha256:
        return f'"{made.arm}" has been trained again'
    if made.runs and made.runs != record.runs_digest:
        return f'other runs have been made since, and its model, "{made.arm}", is as it was'
    return None
