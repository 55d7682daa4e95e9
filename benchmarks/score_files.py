"""Score a very large file, once undisturbed and once with five kills, and compare: content, rows, peak memory.

    python benchmarks/score_files.py --work FOLDER --rows 200000 --bundle runs/NAME/bundle
    python benchmarks/score_files.py --work FOLDER --rows 10000000

The rows are real comments repeated, each with an id of its own. Without `--bundle` a stub predictor answers (toxic is
what has an odd number of characters): the reading, the parts, the joining and the memory are real, the answers are
not. Its texts are cut to 80 characters, so that the file fits on a disk.
"""

import argparse
import csv
import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import file_digest
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from potstill.domain.measures import Calibration
from potstill.domain.predictor import Logits
from potstill.domain.task import Task
from potstill.inference.bundle import open_bundle
from potstill.inference.engine import engines_of
from potstill.scoring.formats import format_of
from potstill.scoring.job import PART_ROWS, Job, Scorer
from potstill.scoring.run_job import run_job

KILLS = 5
STUB_CHARACTERS = 80
WAIT = 0.05


@dataclass(frozen=True)
class Finished:
    """A process that ended: its seconds, its peak resident memory in MB, and whether it was killed."""

    seconds: float
    peak_mb: float
    killed: bool


class StubPredictor:
    """No model: it answers at once."""

    def read(self, texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        """Logits, and that nothing was cut."""
        odd = np.array([len(text) % 2 for text in texts], dtype=np.float32)
        return np.stack([1 - odd, odd], axis=1), [False] * len(texts)


def main() -> int:
    """Make the file, score it twice, compare; or be the process that scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="a folder with room for five times the file")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--bundle", type=Path, help="default: a stub predictor")
    parser.add_argument("--together", action="store_true", help="both at the same time, a core each")
    parser.add_argument("--engine", help="of the bundle; default: the quickest here")
    parser.add_argument("--comments", type=Path, default=Path("../shared/data/wiki_toxic/test.csv.gz"))
    parser.add_argument("--column", default="comment_text")
    parser.add_argument("--score", nargs=2, metavar=("SOURCE", "TARGET"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.score:
        source, target = arguments.score
        return _score(source, target, arguments.bundle, arguments.engine)
    arguments.work.mkdir(parents=True, exist_ok=True)
    comments = list(_comments(arguments.comments, arguments.column, None if arguments.bundle else STUB_CHARACTERS))
    small, source = arguments.work / "tenth.csv", arguments.work / "rows.csv"
    _write(small, comments, arguments.rows // 10)
    _write(source, comments, arguments.rows)
    options = ["--bundle", str(arguments.bundle)] if arguments.bundle else []
    options += ["--engine", arguments.engine] if arguments.engine else []
    tenth = _run(small, arguments.work / "tenth.out.csv", options)
    with ThreadPoolExecutor(2 if arguments.together else 1) as pool:
        undisturbed = pool.submit(_run, source, arguments.work / "whole.csv", options)
        killed = pool.submit(_run_with_kills, source, arguments.work / "cut.csv", options, arguments.rows)
        whole, cut = undisturbed.result(), killed.result()
    _report(arguments.rows, tenth, whole, cut, arguments.work)
    return 0


def _score(source: str, target: str, bundle: Path | None, engine: str | None) -> int:
    job = Job(source, target, format_of(source), format_of(target))
    if bundle:
        opened = open_bundle(bundle, engine=engines_of([engine])[0] if engine else None)
        scorer = Scorer(opened.read, opened.info.task, opened.info.calibration, opened.digest)
    else:
        task = Task(labels=("even", "odd"), positive="odd")
        scorer = Scorer(StubPredictor().read, task, Calibration(), "a stub")
    run_job(job, scorer, unseen, stdin=sys.stdin.buffer, stdout=sys.stdout.buffer)
    return 0


def unseen(done: int, total: int | None, rows: int) -> None:
    """Progress that nobody watches."""


def _comments(path: Path, column: str, characters: int | None) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row[column].strip():
                yield row[column].strip()[:characters].strip()


def _write(path: Path, comments: Sequence[str], rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows(enumerate(islice(cycle(comments), rows)))


def _start(source: Path, target: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, "--work", ".", "--rows", "0", *options, "--score", str(source), str(target)]
    return subprocess.Popen(command)


def _run(source: Path, target: Path, options: Sequence[str]) -> Finished:
    return _wait(_start(source, target, options), time.monotonic())


def _wait(process: subprocess.Popen[bytes], started: float) -> Finished:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, -9):
        raise SystemExit(f"scoring failed with exit code {process.returncode}")
    return Finished(time.monotonic() - started, usage.ru_maxrss / 1024, process.returncode == -9)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Without reaping it: its memory is asked for afterwards."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _run_with_kills(source: Path, target: Path, options: Sequence[str], rows: int) -> list[Finished]:
    """Killed after each fifth of the parts, the last time while the parts are joined; then left alone."""
    parts, expected = Path(f"{target}.parts"), rows // PART_ROWS
    ended: list[Finished] = []
    for kill in range(1, KILLS + 1):
        process, started = _start(source, target, options), time.monotonic()
        joining = kill == KILLS
        while not _has_ended(process):
            done = len(list(parts.glob("*.json"))) - 1
            if (parts / "joined").exists() if joining else done >= kill * expected // KILLS:
                process.kill()
                break
            time.sleep(WAIT)
        ended.append(_wait(process, started))
    return [*ended, _run(source, target, options)]


def _report(rows: int, tenth: Finished, whole: Finished, cut: list[Finished], work: Path) -> None:
    same = _digest(work / "whole.csv") == _digest(work / "cut.csv")
    print(f"{rows:,} rows, undisturbed: {whole.seconds:.0f} s, {rows / whole.seconds:,.0f} rows/s.")
    print(f"Peak memory: {whole.peak_mb:.0f} MB; for a tenth of the rows {tenth.peak_mb:.0f} MB.")
    kills, peak = sum(run.killed for run in cut), max(run.peak_mb for run in cut)
    print(f"{kills} kills; peak {peak:.0f} MB; the same bytes: {same}.")
    print(f"Ids in order, none missing, none twice: {_in_order(work / 'cut.csv', rows)}.")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _in_order(path: Path, rows: int) -> bool:
    with path.open(encoding="utf-8", newline="") as file:
        seen = 0
        for row in csv.DictReader(file):
            if row["id"] != str(seen):
                return False
            seen += 1
    return seen == rows


if __name__ == "__main__":
    sys.exit(main())
