"""Files to score, and a job that scores them, on the stub predictor unless another is given."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from stub import STUB

from potstill.scoring.formats import Kind, format_of
from potstill.scoring.job import Job, Scorer, Tally
from potstill.scoring.run_job import run_job


def run(
    source: Path | str, target: Path | str, *, scorer: Scorer = STUB, stdin: bytes = b"", start: Kind | None = None,
    to: Kind | None = None, **options: Any,
) -> tuple[Tally, bytes]:  # fmt: skip
    """Run a job in parts of three rows; its tally and what it wrote to standard output. `options` are more of a job's
    fields."""
    out = io.BytesIO()
    formats = format_of(str(source), start), format_of(str(target), to)
    job = Job(str(source), str(target), *formats, **{"part_rows": 3, **options})
    return run_job(job, scorer, lambda *_: None, stdin=io.BytesIO(stdin), stdout=out), out.getvalue()


def write_csv(path: Path, rows: int = 10) -> Path:
    """Rows of two kinds, every other toxic to the stub."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "note"])
        writer.writerows([row, "you fool" if row % 2 else "thanks,\n friend", "=1+1"] for row in range(rows))
    return path


def rows_of(path: Path) -> list[dict[Any, Any]]:
    """The rows of a file of any kind."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if path.name.endswith((".csv", ".csv.gz")):
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    return [json.loads(line) for line in content.splitlines()]
