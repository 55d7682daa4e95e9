"""Scoring a file of comments: constant memory, and no row lost or doubled whenever the process is killed."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from potstill.domain.errors import DataError
from potstill.domain.measures import Calibration
from potstill.domain.predictor import Logits, decide, probabilities
from potstill.domain.task import Task
from potstill.ledger.ledger import folder_lock, write_file
from potstill.scoring.formats import STANDARD, Format
from potstill.scoring.incoming import Row, open_incoming
from potstill.scoring.outgoing import (
    Schema,
    added_names,
    join_parts,
    json_line,
    packed,
    part_bytes,
    with_added,
    write_rows,
)

PART_ROWS = 8192
"""Rows in one part: enough that texts of equal length meet, little enough to be lost gladly."""
_EDGE = 1 << 20

Progress = Callable[[int, int | None, int], None]
"""Called with what is done and the total (bytes or rows, None for a stream), and the rows so far."""


@dataclass(frozen=True)
class Scorer:
    """What scores: `read` gives logits of texts and which of them were cut, the rest turns logits into a verdict.

    `identity` names the model: parts made by another are not continued.
    """

    read: Callable[[Sequence[str]], tuple[Logits, list[bool]]]
    task: Task
    calibration: Calibration
    identity: str


@dataclass(frozen=True)
class Job:
    """What to score, where to, and how. The names are paths, or `-` for standard input and output."""

    source: str
    target: str
    source_format: Format
    target_format: Format
    text: str = "text"
    prefix: str = ""
    """Put before the names of the added columns, where the file has columns of those names."""
    spreadsheet_safe: bool = False
    part_rows: int = PART_ROWS


@dataclass(frozen=True)
class Tally:
    """Rows read, rows scored, rows that could not be, by reason."""

    rows: int = 0
    scored: int = 0
    rejected: dict[str, int] | None = None

    def plus(self, rows: int, scored: int, rejected: dict[str, int]) -> "Tally":
        """This tally and another part's."""
        mine = self.rejected or {}
        both = {reason: mine.get(reason, 0) + rejected.get(reason, 0) for reason in {**mine, **rejected}}
        return Tally(self.rows + rows, self.scored + scored, both)


def score(job: Job, scorer: Scorer, on_progress: Progress, *, stdin: BinaryIO, stdout: BinaryIO) -> Tally:
    """Score `job.source` into `job.target`; rows that cannot be scored go to `TARGET.rejected.jsonl`.

    A file is written in parts in `TARGET.parts` and joined at the end; the same call continues after a kill. A stream
    cannot be continued.

    Raises:
        DataError: the source cannot be read, has no such column or has columns of the added names, or the parts that
            are there belong to another job.
    """
    if job.source == STANDARD or job.target == STANDARD:
        return _Stream(job, scorer, on_progress, stdin, stdout).run()
    parts = Path(f"{job.target}.parts")
    with folder_lock(parts):
        tally = _Parts(job, scorer, on_progress, parts).run()
        shutil.rmtree(parts)
    return tally


def rejected_path(target: str) -> Path:
    """Where the rows that could not be scored are told."""
    return Path(f"{target}.rejected.jsonl")


@dataclass(frozen=True)
class Block:
    """Some rows, scored."""

    rows: int
    scored: list[dict[str, Any]]
    rejected: list[Row]

    def reasons(self) -> dict[str, int]:
        """How many rows were rejected for each reason."""
        counts: dict[str, int] = {}
        for row in self.rejected:
            counts[row.fault] = counts.get(row.fault, 0) + 1
        return counts

    def rejected_lines(self) -> bytes:
        """The side file's lines."""
        return b"".join(
            json_line({"line": row.line, "reason": row.fault, "detail": row.detail}) for row in self.rejected
        )


def score_block(rows: Sequence[Row], scorer: Scorer, prefix: str) -> Block:
    """Score those rows that have a text.

    Raises:
        DataError: a row already has a column of an added column's name.
    """
    good = [row for row in rows if not row.fault]
    logits, truncated = scorer.read([row.text for row in good])
    shares = probabilities(logits, scorer.calibration.temperature)
    labels = decide(logits, scorer.calibration, scorer.task)
    positive = scorer.task.positive_index if scorer.task.problem == "binary" else None
    scored: list[dict[str, Any]] = []
    for place, row in enumerate(good):
        label = int(labels[place])
        share = round(float(shares[place, label if positive is None else positive]), 6)
        added = (scorer.task.labels[label], share, None if positive is None else label == positive, truncated[place])
        named = dict(zip(added_names(prefix), added, strict=True))
        if taken := sorted(named.keys() & row.values.keys()):
            raise DataError(
                f'the file has a column "{taken[0]}" already; --prefix pred_ makes the added one pred_label'
            )
        scored.append({**row.values, **named})
    return Block(len(rows), scored, [row for row in rows if row.fault])


class _Parts:
    """A job from file to file."""

    def __init__(self, job: Job, scorer: Scorer, on_progress: Progress, folder: Path) -> None:
        self.job, self.scorer, self.on_progress, self.folder = job, scorer, on_progress, folder
        self.suffix = "parquet" if job.target_format.kind == "parquet" else "jsonl"

    def run(self) -> Tally:
        """All parts that are not there yet, then the whole file."""
        self._claim()
        tally, columns, number = self._done_before()
        with open_incoming(Path(self.job.source), sys.stdin.buffer, self.job.source_format, self.job.text) as incoming:
            rows = islice(incoming.rows, tally.rows, None)
            schema = with_added(incoming.schema, self.job.prefix)
            while block := list(islice(rows, self.job.part_rows)):
                number += 1
                made = score_block(block, self.scorer, self.job.prefix)
                columns = _merged(columns, made.scored, self.job.prefix)
                self._write(number, made, columns, schema)
                tally = tally.plus(made.rows, len(made.scored), made.reasons())
                self.on_progress(incoming.done(), incoming.total, tally.rows)
        if not tally.rows:
            raise DataError(f"{self.job.source}: the file has no rows")
        self._join(number, columns)
        return tally

    def _claim(self) -> None:
        """The parts belong to this job, or there are none."""
        path, mine = self.folder / "job.json", self._identity()
        if not path.is_file():
            write_file(path, json.dumps(mine).encode())
        elif json.loads(path.read_bytes()) != mine:
            raise DataError(
                f"{self.folder} holds parts of another job (another file, model or option); remove it to begin anew"
            )

    def _identity(self) -> dict[str, Any]:
        path = Path(self.job.source)
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(_EDGE)
                file.seek(max(0, size - _EDGE))
                edges = sha256(head + file.read(_EDGE)).hexdigest()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from error
        asked = repr(replace(self.job, target=""))
        return {"job": asked, "model": self.scorer.identity, "size": size, "edges": edges}

    def _done_before(self) -> tuple[Tally, list[str], int]:
        tally, columns, number = Tally(), list[str](), 0
        while (path := self._meta(number + 1)).is_file():
            meta: dict[str, Any] = json.loads(path.read_bytes())
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
        target = Path(self.job.target)
        numbers = range(1, number + 1)
        parts = [self._part(n) for n in numbers if self._part(n).is_file()]
        if not parts:
            raise DataError(f"{self.job.source}: no row could be scored; the reasons are in {self.folder}")
        partial = _aside(target)
        safe = self.job.spreadsheet_safe
        join_parts(parts, [*columns, *added_names(self.job.prefix)], partial, self.job.target_format, safe=safe)
        self._join_rejects([self._rejects(n) for n in numbers])
        partial.replace(target)

    def _join_rejects(self, parts: Sequence[Path]) -> None:
        target = rejected_path(self.job.target)
        partial = _aside(target)
        with partial.open("wb") as file:
            for part in parts:
                file.write(part.read_bytes())
        partial.replace(target)
        if not target.stat().st_size:
            target.unlink()

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:07}.{self.suffix}"

    def _rejects(self, number: int) -> Path:
        return self.folder / f"{number:07}.rejected"

    def _meta(self, number: int) -> Path:
        return self.folder / f"{number:07}.json"


class _Stream:
    """A job from or to a stream: nothing is kept, so nothing can be continued."""

    def __init__(self, job: Job, scorer: Scorer, on_progress: Progress, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self.job, self.scorer, self.on_progress = job, scorer, on_progress
        self.stdin, self.stdout = stdin, stdout
        self.tally = Tally()

    def run(self) -> Tally:
        """Read, score, write."""
        source = None if self.job.source == STANDARD else Path(self.job.source)
        if source is None and self.job.source_format.kind == "parquet":
            raise DataError("Parquet needs a file: its table of contents stands at the end")
        if self.job.target_format.kind == "parquet":
            raise DataError("Parquet needs a file on both sides; write .jsonl or .csv to or from a stream")
        if self.job.target != STANDARD:
            _aside(rejected_path(self.job.target)).unlink(missing_ok=True)
        with open_incoming(source, self.stdin, self.job.source_format, self.job.text) as incoming:
            blocks = self._blocks(incoming.rows)
            first = next(blocks, None)
            if first is None:
                raise DataError("there are no rows")
            columns = [*_merged([], first.scored, self.job.prefix), *added_names(self.job.prefix)]
            rows = (row for block in _chain(first, blocks) for row in block.scored)
            self._put(rows, columns)
        if self.job.target != STANDARD:
            self._keep_rejected()
        return self.tally

    def _keep_rejected(self) -> None:
        side = rejected_path(self.job.target)
        side.unlink(missing_ok=True)
        if _aside(side).is_file():
            _aside(side).replace(side)

    def _blocks(self, rows: Iterator[Row]) -> Iterator[Block]:
        while block := list(islice(rows, self.job.part_rows)):
            made = score_block(block, self.scorer, self.job.prefix)
            self.tally = self.tally.plus(made.rows, len(made.scored), made.reasons())
            self.on_progress(self.tally.rows, None, self.tally.rows)
            self._tell(made)
            yield made

    def _put(self, rows: Iterator[dict[str, Any]], columns: list[str]) -> None:
        safe = self.job.spreadsheet_safe
        if self.job.target == STANDARD:
            write_rows(rows, columns, self.stdout, self.job.target_format, safe=safe)
            self.stdout.flush()
            return
        partial = _aside(Path(self.job.target))
        with partial.open("wb") as raw, packed(raw, self.job.target_format) as file:
            write_rows(rows, columns, file, self.job.target_format, safe=safe)
        partial.replace(self.job.target)

    def _tell(self, block: Block) -> None:
        """The rejected rows at once: a stream has no end that one could wait for."""
        if not block.rejected:
            return
        if self.job.target == STANDARD:
            sys.stderr.write(block.rejected_lines().decode())
            return
        with _aside(rejected_path(self.job.target)).open("ab") as file:
            file.write(block.rejected_lines())


def _aside(target: Path) -> Path:
    """Where a file is written before it is whole."""
    return target.with_name(f".{target.name}.partial")


def _chain(first: Block, rest: Iterator[Block]) -> Iterator[Block]:
    yield first
    yield from rest


def _merged(columns: list[str], rows: Sequence[dict[str, Any]], prefix: str) -> list[str]:
    """The file's own columns so far, and the new ones of these rows."""
    added = set(added_names(prefix))
    return list(dict.fromkeys([*columns, *(name for row in rows for name in row if name not in added)]))
