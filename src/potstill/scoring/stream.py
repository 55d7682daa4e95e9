"""A job from or to a stream, which cannot be continued."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from potstill.domain.errors import DataError
from potstill.ledger.files import put_in_place
from potstill.scoring.formats import STANDARD
from potstill.scoring.incoming import Row, open_incoming
from potstill.scoring.job import Block, Job, Progress, Scorer, Tally, blocks, merged_columns, rejected_path, score_block
from potstill.scoring.outgoing import added_names, packed, write_rows
from potstill.scoring.parts import put_rejects
from potstill.scoring.unchanged import content_of, unchanged


class Stream:
    """A job from or to a stream: nothing is kept, so nothing can be continued. `folder` is where a target file is
    written before it is whole; None where standard output is the target."""

    def __init__(
        self, job: Job, scorer: Scorer, on_progress: Progress, stdin: BinaryIO, stdout: BinaryIO, folder: Path | None
    ) -> None:
        self.job, self.scorer, self.on_progress, self.folder = job, scorer, on_progress, folder
        self.added = added_names(job.prefix, scorer.task, languages=scorer.languages is not None)
        self.stdin, self.stdout = stdin, stdout
        self.tally = Tally()

    def run(self) -> Tally:
        """Read, score, write."""
        source = None if self.job.source == STANDARD else Path(self.job.source)
        if source is None and self.job.source_format.kind == "parquet":
            raise DataError("Parquet needs a file: its table of contents stands at the end")
        if self.job.target_format.kind == "parquet":
            raise DataError("Parquet needs a file on both sides; write .jsonl or .csv to or from a stream")
        if self.folder and (self.folder / "job.json").is_file():
            raise DataError(f"{self.folder} holds parts of another job; remove it to begin anew")
        if self.folder:
            (self.folder / "rejected").write_bytes(b"")
        with (
            self._unchanged(source) as check,
            open_incoming(source, self.stdin, self.job.source_format, self.job.text) as incoming,
        ):
            made = self._blocks(incoming.rows)
            first = next(made, None)
            if first is None:
                raise DataError("there are no rows")
            known, target = incoming.columns, self.job.target_format
            columns = merged_columns(known, first.scored, self.added, len(known), target)
            rows = (row for block in _checked(chain([first], made), check) for row in block.scored)
            self._put(rows, [*columns, *self.added])
        return self.tally

    def _unchanged(self, source: Path | None) -> AbstractContextManager[Callable[[], None]]:
        """A check that a file stays as it is; a stream has nothing to compare with."""
        if source is None:
            return nullcontext(lambda: None)
        outcome = "what was written is not to be used; score it once it is complete, or a copy"
        return unchanged(self.job.source, content_of(source), outcome)

    def _blocks(self, rows: Iterator[Row]) -> Iterator[Block]:
        for block in blocks(rows, self.job.part_rows):
            made = score_block(block, self.scorer, self.added)
            self.tally = self.tally.plus(made.rows, len(made.scored), made.reasons())
            self.on_progress(self.tally.rows, None, self.tally.rows)
            self._tell(made)
            yield made

    def _put(self, rows: Iterator[dict[str, Any]], columns: list[str]) -> None:
        safe = self.job.spreadsheet_safe
        if self.folder is None:
            write_rows(rows, columns, self.stdout, self.job.target_format, safe=safe)
            self.stdout.flush()
            return
        whole = self.folder / "joined"
        with whole.open("wb") as raw, packed(raw, self.job.target_format) as file:
            write_rows(rows, columns, file, self.job.target_format, safe=safe)
        put_rejects([self.folder / "rejected"], rejected_path(self.job.target))
        if self.tally.scored:
            put_in_place(whole, Path(self.job.target))

    def _tell(self, block: Block) -> None:
        """The rejected rows at once: a stream has no end that one could wait for."""
        if self.folder is None:
            sys.stderr.write(block.rejected_lines().decode())
            return
        with (self.folder / "rejected").open("ab") as file:
            file.write(block.rejected_lines())


def _checked(made: Iterator[Block], check: Callable[[], None]) -> Iterator[Block]:
    for block in made:
        yield block
        check()
