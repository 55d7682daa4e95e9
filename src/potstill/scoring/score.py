"""Scoring a file of comments: constant memory, and no row lost or doubled whenever the process is killed."""

import json
import os
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
from potstill.ledger.ledger import folder_lock, put_in_place, write_file
from potstill.scoring.formats import STANDARD, Format
from potstill.scoring.incoming import Row, open_file, open_incoming
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
PART_CHARACTERS = 4_000_000
"""Characters of text after which a part ends before that, so that long texts do not fill the memory."""
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
        DataError: the target cannot be written to or is the source, the source cannot be read, has no such column or
            has columns of the added names, or the parts that are there belong to another job.
    """
    if job.target == STANDARD:
        return _Stream(job, scorer, on_progress, stdin, stdout, None).run()
    job = replace(job, target=str(_checked_target(job)))
    parts = Path(f"{job.target}.parts")
    with folder_lock(parts):
        if job.source == STANDARD:
            tally = _Stream(job, scorer, on_progress, stdin, stdout, parts).run()
        else:
            tally = _Parts(job, scorer, on_progress, parts).run()
        shutil.rmtree(parts)
    if not tally.scored:
        raise DataError(f"{job.source}: no row could be scored; {rejected_path(job.target)} says why")
    return tally


def _checked_target(job: Job) -> Path:
    """Where the target really is, links followed."""
    target = Path(job.target).resolve()
    if not target.parent.is_dir():
        raise DataError(f"{job.target}: there is no folder {target.parent}")
    for path in (target, rejected_path(str(target))):
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is no plain file and cannot be written to")
        if path.exists() and job.source != STANDARD and Path(job.source).exists() and path.samefile(job.source):
            raise DataError(f"{job.source} would be overwritten; name another target")
    return target


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


def blocks(rows: Iterator[Row], most_rows: int) -> Iterator[list[Row]]:
    """The rows in lists of `most_rows`, or of fewer whose texts have `PART_CHARACTERS` together."""
    block: list[Row] = []
    characters = 0
    for row in rows:
        block.append(row)
        characters += len(row.text)
        if len(block) == most_rows or characters >= PART_CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


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
            columns = columns or incoming.columns
            for number, block in enumerate(blocks(rows, self.job.part_rows), start=number + 1):  # noqa: B020
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
        if not self._meta(1).is_file():
            write_file(path, json.dumps(mine).encode())
        elif json.loads(path.read_bytes()) != mine:
            raise DataError(
                f"{self.folder} holds parts of another job (another file, model or option); remove it to begin anew"
            )

    def _identity(self) -> dict[str, Any]:
        path = Path(self.job.source)
        with open_file(path) as file:
            found = os.fstat(file.fileno())
            head = file.read(_EDGE)
            file.seek(max(0, found.st_size - _EDGE))
            edges = sha256(head + file.read(_EDGE)).hexdigest()
        asked = repr(replace(self.job, source=str(path.resolve()), target=""))
        # The time too: an edit in the middle of a large file may change neither its size nor its edges.
        content = [found.st_size, found.st_mtime_ns, edges]
        return {"job": asked, "model": self.scorer.identity, "content": content}

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
        """The side file, then the target: whole, or not there."""
        numbers = range(1, number + 1)
        _put_rejects([self._rejects(n) for n in numbers], rejected_path(self.job.target))
        parts = [self._part(n) for n in numbers if self._part(n).is_file()]
        if not parts:
            return
        joined = self.folder / "joined"
        safe = self.job.spreadsheet_safe
        join_parts(parts, [*columns, *added_names(self.job.prefix)], joined, self.job.target_format, safe=safe)
        put_in_place(joined, Path(self.job.target))

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:07}.{self.suffix}"

    def _rejects(self, number: int) -> Path:
        return self.folder / f"{number:07}.rejected"

    def _meta(self, number: int) -> Path:
        return self.folder / f"{number:07}.json"


class _Stream:
    """A job from or to a stream: nothing is kept, so nothing can be continued. `folder` is where a target file is
    written before it is whole; None where standard output is the target."""

    def __init__(
        self, job: Job, scorer: Scorer, on_progress: Progress, stdin: BinaryIO, stdout: BinaryIO, folder: Path | None
    ) -> None:
        self.job, self.scorer, self.on_progress, self.folder = job, scorer, on_progress, folder
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
        with open_incoming(source, self.stdin, self.job.source_format, self.job.text) as incoming:
            made = self._blocks(incoming.rows)
            first = next(made, None)
            if first is None:
                raise DataError("there are no rows")
            columns = _merged(incoming.columns, first.scored, self.job.prefix)
            rows = (row for block in _chain(first, made) for row in block.scored)
            self._put(rows, [*columns, *added_names(self.job.prefix)])
        return self.tally

    def _blocks(self, rows: Iterator[Row]) -> Iterator[Block]:
        for block in blocks(rows, self.job.part_rows):
            made = score_block(block, self.scorer, self.job.prefix)
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
        _put_rejects([self.folder / "rejected"], rejected_path(self.job.target))
        if self.tally.scored:
            put_in_place(whole, Path(self.job.target))

    def _tell(self, block: Block) -> None:
        """The rejected rows at once: a stream has no end that one could wait for."""
        if self.folder is None:
            sys.stderr.write(block.rejected_lines().decode())
            return
        with (self.folder / "rejected").open("ab") as file:
            file.write(block.rejected_lines())


def _put_rejects(parts: Sequence[Path], target: Path) -> None:
    """The side file, or none where nothing was rejected."""
    whole = parts[0].with_name("all-rejected") if parts else None
    if whole is None or not any(part.stat().st_size for part in parts):
        target.unlink(missing_ok=True)
        return
    with whole.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    put_in_place(whole, target)


def _chain(first: Block, rest: Iterator[Block]) -> Iterator[Block]:
    yield first
    yield from rest


def _merged(columns: list[str], rows: Sequence[dict[str, Any]], prefix: str) -> list[str]:
    """The file's own columns so far, and the new ones of these rows."""
    added = set(added_names(prefix))
    return list(dict.fromkeys([*columns, *(name for row in rows for name in row if name not in added)]))
