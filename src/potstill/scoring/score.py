"""A file of texts, scored with a bundle: what `potstill score` does, in one call."""

import io
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from rich.console import Console

from potstill.domain.errors import DataError
from potstill.domain.language import LanguageMode
from potstill.domain.notebook import pandas
from potstill.inference.bundle import newest_bundle, open_bundle
from potstill.inference.engine import EngineName
from potstill.scoring.formats import STANDARD, Format, Kind, format_of
from potstill.scoring.job import Job, Scorer, Tally, rejected_path
from potstill.scoring.progress import show_progress
from potstill.scoring.run_job import run_job

RUNS = Path("runs")


@dataclass(frozen=True)
class ScoreSettings:
    """What to score, with which bundle, and how. `source` and `target` are paths, or `-` for standard input and output;
    without a `bundle` it is the newest one of the studies in `runs`."""

    source: str
    target: str
    bundle: str | Path | None = None
    runs: Path = RUNS
    text: str = "text"
    """The column with the text."""
    prefix: str = ""
    """Put before the names of the added columns."""
    source_kind: Kind | None = None
    """Where the ending of the name does not say it."""
    target_kind: Kind | None = None
    spreadsheet_safe: bool = False
    """Whether no CSV cell may begin as a formula does."""
    engine: EngineName | None = None
    """None: the fastest that this processor computes rightly."""
    threads: int | None = None
    """None: as many as this process may use."""
    expect_sha256: str | None = None
    languages: LanguageMode = "warn"
    """What is done about texts in another language than the bundle declares."""


@dataclass(frozen=True)
class ScoreResult:
    """What was scored, on which engine, and what was left out."""

    tally: Tally
    engine: EngineName
    source_format: Format
    target: str
    language_note: str = ""
    """Why texts were not checked for their language."""
    target_kind: Kind | None = None
    """Where the ending of its name does not say it."""

    @property
    def rejects(self) -> Path | None:
        """The file that lists the rows that were left out, each with its line; None where that is standard error."""
        return None if self.target == STANDARD else rejected_path(self.target)

    def to_frame(self) -> Any:
        """The scored file as a pandas DataFrame.

        Raises:
            DataError: it went to standard output.
            ModuleNotFoundError: pandas is not installed; it comes with the lab.
        """
        if self.target == STANDARD:
            raise DataError("what went to standard output is no file to make a DataFrame of")
        library = pandas()
        match format_of(self.target, self.target_kind).kind:
            case "csv":
                return library.read_csv(self.target)
            case "jsonl":
                return library.read_json(self.target, lines=True)
            case "parquet":
                return library.read_parquet(self.target)

    def _repr_html_(self) -> str:
        return "".join(f"<div>{escape(line)}</div>" for line in [*self.lines(), f"in {self.target}"])

    def lines(self) -> list[str]:
        """The result in words."""
        rejected = self.tally.rejected or {}
        lines = [f"{self.tally.scored:,} of {self.tally.rows:,} rows scored on {self.engine}"]
        if self.language_note:
            lines.append(f"language: {self.language_note}")
        if not rejected:
            return lines
        reasons = ", ".join(f"{reason}: {count:,}" for reason, count in rejected.items())
        place = f"in {self.rejects}" if self.rejects else "above"
        lines.append(f"left out: {reasons}; each with its line {place}")
        if "bad encoding" in rejected and self.source_format.kind != "parquet":
            lines.append("files are read as UTF-8; `iconv -f WINDOWS-1252 -t UTF-8` converts another encoding")
        return lines


def score(settings: ScoreSettings, *, console: Console | None = None) -> ScoreResult:
    """Score `settings.source` into `settings.target`; rows that cannot be scored go to `TARGET.rejected.jsonl`.

    A file is written in parts in `TARGET.parts` and joined at the end; the same call continues after a kill. A bar on
    `console` shows how far it is.

    Raises:
        DataError: the source cannot be read or the target cannot be written; see `run_job`.
        ModelError: the bundle does not open.
    """
    source_format = format_of(settings.source, settings.source_kind)
    job = Job(
        source=settings.source, target=settings.target, source_format=source_format,
        target_format=format_of(settings.target, settings.target_kind), text=settings.text, prefix=settings.prefix,
        spreadsheet_safe=settings.spreadsheet_safe,
    )  # fmt: skip
    bundle = open_bundle(
        settings.bundle or newest_bundle(settings.runs), engine=settings.engine, threads=settings.threads,
        expect_sha256=settings.expect_sha256, languages=settings.languages,
    )  # fmt: skip
    check = bundle.languages if bundle.languages.is_on else None
    identity = f"{bundle.digest} {bundle.engine_name}" + (f" languages {check.mode}" if check else "")
    scorer = Scorer(bundle.read, bundle.info.task, bundle.info.calibration, identity, bundle.blank, check)
    # Looked up only where they are meant: a notebook's have no bytes.
    stdin = sys.stdin.buffer if job.source == STANDARD else io.BytesIO()
    stdout = sys.stdout.buffer if job.target == STANDARD else io.BytesIO()
    with show_progress(console or Console(stderr=True, quiet=True)) as on_progress:
        tally = run_job(job, scorer, on_progress, stdin=stdin, stdout=stdout)
    return ScoreResult(
        tally, bundle.engine_name, source_format, settings.target, bundle.languages.note, settings.target_kind
    )
