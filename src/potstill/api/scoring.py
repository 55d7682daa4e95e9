"""Whole files of texts, scored with a bundle. Nothing here loads torch."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from potstill.api.bundles import AS_IT_COMES, Opening
from potstill.api.places import RUNS
from potstill.scoring.formats import Kind
from potstill.scoring.score import ScoreResult, ScoreSettings
from potstill.scoring.score import score as score_file


@dataclass(frozen=True)
class FileFormats:
    """What kind of file the source and the target are, where their endings do not say it, and whether no cell of a
    target in CSV may begin as a formula does."""

    source: Kind | None = None
    target: Kind | None = None
    spreadsheet_safe: bool = False


BY_ENDING = FileFormats()


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
) -> ScoreResult:
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
    return score_file(
        ScoreSettings(
            str(source), str(out), Path(bundle) if bundle is not None else None, RUNS, text, prefix, formats.source,
            formats.target, formats.spreadsheet_safe, opening.engine, opening.threads, opening.expect_sha256,
            opening.languages,
        ),
        console=console or Console(stderr=True),
    )  # fmt: skip
