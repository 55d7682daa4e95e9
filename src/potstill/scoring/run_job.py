"""Carrying out a scoring job: constant memory, and no row lost or doubled whenever the process is killed."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from potstill.domain.errors import DataError
from potstill.ledger.files import folder_lock
from potstill.scoring.formats import STANDARD
from potstill.scoring.job import Job, Progress, Scorer, Tally, rejected_path
from potstill.scoring.parts import Parts
from potstill.scoring.stream import Stream


def run_job(job: Job, scorer: Scorer, on_progress: Progress, *, stdin: BinaryIO, stdout: BinaryIO) -> Tally:
    """Score `job.source` into `job.target`; rows that cannot be scored go to `TARGET.rejected.jsonl`.

    A file is written in parts in `TARGET.parts` and joined at the end; the same call continues after a kill. A stream
    cannot be continued.

    Raises:
        DataError: the target cannot be written to or is the source, the source cannot be read, has no such column or
            has columns of the added names, or the parts that are there belong to another job.
    """
    if job.target == STANDARD:
        return Stream(job, scorer, on_progress, stdin, stdout, None).run()
    job = replace(job, target=str(_checked_target(job)))
    parts = Path(f"{job.target}.parts")
    with folder_lock(parts):
        if job.source == STANDARD:
            tally = Stream(job, scorer, on_progress, stdin, stdout, parts).run()
        else:
            tally = Parts(job, scorer, on_progress, parts).run()
        _remove(parts)
    if not tally.scored:
        raise DataError(f"{job.source}: no row could be scored; {rejected_path(job.target)} says why")
    return tally


def _remove(parts: Path) -> None:
    """Remove the folder, by another name: a kill in the middle must leave nothing that a next run would go on with."""
    gone = parts.with_name(f"{parts.name}.done")
    shutil.rmtree(gone, ignore_errors=True)
    parts.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _checked_target(job: Job) -> Path:
    """Where the target really is, links followed."""
    target = Path(job.target).resolve()
    if not target.parent.is_dir():
        raise DataError(f"{job.target}: there is no folder {target.parent}")
    for path in (target, rejected_path(str(target))):
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is not a plain file and cannot be written to")
        if path.exists() and job.source != STANDARD and Path(job.source).exists() and path.samefile(job.source):
            raise DataError(f"{job.source} would be overwritten; name another target")
    return target
