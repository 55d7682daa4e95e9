"""A job from file to file: in parts, so that it goes on where it was cut."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from potstill.domain.errors import DataError
from potstill.ledger.files import put_in_place, write_file
from potstill.scoring.incoming import open_incoming
from potstill.scoring.job import Block, Job, Progress, Scorer, Tally, blocks, merged_columns, rejected_path, score_block
from potstill.scoring.outgoing import Schema, added_names, join_parts, part_bytes, with_added
from potstill.scoring.unchanged import content_of, unchanged


class Parts:
    """A job from file to file."""

    def __init__(self, job: Job, scorer: Scorer, on_progress: Progress, folder: Path) -> None:
        self.job, self.scorer, self.on_progress, self.folder = job, scorer, on_progress, folder
        self.added = added_names(job.prefix, scorer.task, languages=scorer.languages is not None)
        self.suffix = "parquet" if job.target_format.kind == "parquet" else "jsonl"

    def run(self) -> Tally:
        """All parts that are not there yet, then the whole file."""
        mine = self._claim()
        with unchanged(self.job.source, mine["content"], f"nothing is written; {self._way_out()}") as check:
            tally, columns, number = self._scored(check)
        if not tally.rows:
            raise DataError(f"{self.job.source}: the file has no rows")
        self._join(number, columns)
        return tally

    def _scored(self, check: Callable[[], None]) -> tuple[Tally, list[str], int]:
        """Score what is not done yet, with a `check` after each part: all rows, their columns, the number of parts."""
        tally, columns, number = self._done_before()
        with open_incoming(Path(self.job.source), sys.stdin.buffer, self.job.source_format, self.job.text) as incoming:
            rows = islice(incoming.rows, tally.rows, None)
            schema = with_added(incoming.schema, self.added, languages=self.scorer.languages is not None)
            columns = columns or incoming.columns
            for number, block in enumerate(blocks(rows, self.job.part_rows), start=number + 1):  # noqa: B020
                made = score_block(block, self.scorer, self.added)
                columns = self._merged(columns, made, len(incoming.columns))
                self._write(number, made, columns, schema)
                tally = tally.plus(made.rows, len(made.scored), made.reasons())
                self.on_progress(incoming.done(), incoming.total, tally.rows)
                check()
        return tally, columns, number

    def _way_out(self) -> str:
        return f"once it is complete, or of a copy, remove {self.folder} and score again"

    def _merged(self, columns: list[str], made: Block, known: int) -> list[str]:
        return merged_columns(columns, made.scored, self.added, known, self.job.target_format)

    def _claim(self) -> dict[str, Any]:
        """The parts belong to this job, or there are none; what tells this job from others."""
        path, mine = self.folder / "job.json", self._identity()
        if not self._meta(1).is_file():
            write_file(path, json.dumps(mine).encode())
        elif json.loads(path.read_bytes()) != mine:
            raise DataError(
                f"{self.folder} holds parts of another job (another file, model or option); remove it to begin anew"
            )
        return mine

    def _identity(self) -> dict[str, Any]:
        path = Path(self.job.source)
        asked = repr(replace(self.job, source=str(path.resolve()), target=""))
        return {"job": asked, "model": self.scorer.identity, "content": content_of(path)}

    def _done_before(self) -> tuple[Tally, list[str], int]:
        tally, columns, number = Tally(), list[str](), 0
        while (path := self._meta(number + 1)).is_file():
            meta: dict[str, Any] = json.loads(path.read_bytes())
            needed = [self._rejects(number + 1), *([self._part(number + 1)] if meta["scored"] else [])]
            if not all(file.is_file() for file in needed):
                break
            tally = tally.plus(meta["rows"], meta["scored"], meta["rejected"])
            columns, number = meta["columns"], number + 1
        return tally, columns, number

    def _write(self, number: int, block: Block, columns: list[str], schema: Schema) -> None:
        """The part, then its rejects, then the note that says both are whole."""
        if block.scored:
            write_file(self._part(number), part_bytes(block.scored, self.job.target_format, schema))
        write_file(self._rejects(number), block.rejected_lines())
        counts = {"rows": block.rows, "scored": len(block.scored), "rejected": block.reasons(), "columns": columns}
        write_file(self._meta(number), json.dumps(counts).encode())

    def _join(self, number: int, columns: list[str]) -> None:
        """The side file, then the target: whole, or not there."""
        numbers = range(1, number + 1)
        put_rejects([self._rejects(n) for n in numbers], rejected_path(self.job.target))
        parts = [self._part(n) for n in numbers if self._part(n).is_file()]
        if not parts:
            return
        joined = self.folder / "joined"
        safe = self.job.spreadsheet_safe
        join_parts(parts, [*columns, *self.added], joined, self.job.target_format, safe=safe)
        put_in_place(joined, Path(self.job.target))

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:07}.{self.suffix}"

    def _rejects(self, number: int) -> Path:
        return self.folder / f"{number:07}.rejected"

    def _meta(self, number: int) -> Path:
        return self.folder / f"{number:07}.json"


def put_rejects(parts: Sequence[Path], target: Path) -> None:
    """The side file, or none where nothing was rejected."""
    whole = parts[0].with_name("all-rejected") if parts else None
    if whole is None or not any(part.stat().st_size for part in parts):
        target.unlink(missing_ok=True)
        return
    with whole.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    put_in_place(whole, target)
