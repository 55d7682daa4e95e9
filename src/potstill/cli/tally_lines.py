"""What became of the rows of a file, in lines."""

from collections.abc import Iterator

from potstill.api.scoring import ScoredFile
from potstill.scoring.formats import Kind


def tally_lines(scored: ScoredFile, source: Kind) -> Iterator[str]:
    """How many rows were scored, why the others were not, and where those are listed; `source` is the kind of file."""
    tally, rejected = scored.tally, scored.tally.rejected or {}
    yield f"{tally.scored:,} of {tally.rows:,} rows scored on {scored.engine}"
    if not rejected:
        return
    reasons = ", ".join(f"{reason}: {count:,}" for reason, count in rejected.items())
    yield f"left out: {reasons}; each with its line {f'in {scored.rejects}' if scored.rejects else 'above'}"
    if "bad encoding" in rejected and source != "parquet":
        yield "files are read as UTF-8; `iconv -f WINDOWS-1252 -t UTF-8` makes it of another"
