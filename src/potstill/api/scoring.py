"""Whole files of texts, scored with a bundle. Nothing here loads torch."""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from potstill.api.bundles import AS_IT_COMES, Opening, open_bundle
from potstill.inference.engine import EngineName
from potstill.scoring.formats import STANDARD, Kind, format_of
from potstill.scoring.job import Job, Scorer, Tally, rejected_path
from potstill.scoring.progress import show_progress
from potstill.scoring.score import score as score_job


@dataclass(frozen=True)
class FileFormats:
    """What kind of file the source and the target are, where their endings do not say it, and whether no cell of a
    target in CSV may begin as a formula does."""

    source: Kind | None = None
    target: Kind | None = None
    spreadsheet_safe: bool = False


BY_ENDING = FileFormats()


@dataclass(frozen=True)
class ScoredFile:
    """What became of the rows of a file: how many there were, how many were scored, and how many could not be, by
    reason. Those are listed, each with its line, in the file `rejects`; None where that was standard error."""

    tally: Tally
    engine: EngineName
    rejects: Path | None


def score(
    source: str | Path,
    out: str | Path,
    bundle: str | Path | None = None,
    *,
    text: str = "text",
    prefix: str = "",
    formats: FileFormats = BY_ENDING,
    opening: Opening = AS_IT_COMES,
    console: Console | None = None,
) -> ScoredFile:
    """Score a file of texts in constant memory. After a kill the same call continues, unless one side is a stream.

    Args:
        source: a .csv, .jsonl (both also .gz) or .parquet file; "-" is standard input.
        out: the file to write, with the source's columns and those that are added; "-" is standard output.
        bundle: what scores; None is the bundle that was exported last from a study under `runs`.
        text: the column with the text.
        prefix: put before the names of the added columns.
        formats: the kinds of the files, where their endings do not say it.
        opening: the bundle's engine, threads and expected hash.
        console: shows the progress if it is a terminal; standard error unless given.

    Raises:
        PotstillError: the bundle does not open, the source cannot be read or no row of it scored, or the target cannot
            be written to or holds parts of another job.
    """
    names = str(source), str(out)
    kinds = format_of(names[0], formats.source), format_of(names[1], formats.target)
    job = Job(*names, *kinds, text, prefix, formats.spreadsheet_safe)
    opened = open_bundle(bundle, opening)
    scorer = Scorer(opened.read, opened.info.task, opened.info.calibration, f"{opened.digest} {opened.engine_name}")
    # Looked up only where they are meant: a notebook's have no bytes.
    stdin = sys.stdin.buffer if job.source == STANDARD else io.BytesIO()
    stdout = sys.stdout.buffer if job.target == STANDARD else io.BytesIO()
    with show_progress(console or Console(stderr=True)) as on_progress:
        tally = score_job(job, scorer, on_progress, stdin=stdin, stdout=stdout)
    return ScoredFile(tally, opened.engine_name, None if job.target == STANDARD else rejected_path(job.target))
