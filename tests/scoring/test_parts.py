"""A job that is cut goes on where it was cut."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from scored_files import rows_of, run, write_csv
from stub import CALIBRATION, TASK, stub

from potstill.domain.errors import DataError
from potstill.domain.predictor import Logits
from potstill.scoring.job import Scorer


def test_a_job_that_was_cut_continues_where_it_stopped(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", rows=20)
    seen: list[str] = []

    def cut(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        seen.extend(texts)
        if len(seen) > 12:
            raise KeyboardInterrupt
        return stub(texts)

    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "out.csv", scorer=Scorer(cut, TASK, CALIBRATION, "stub"))
    with pytest.raises(DataError, match="parts of another job"):
        run(source, tmp_path / "out.csv", prefix="other_")
    with pytest.raises(DataError, match="parts of another job"):
        run(source, tmp_path / "out.csv", scorer=Scorer(stub, TASK, CALIBRATION, "another model"))
    seen.clear()

    def count(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        seen.extend(texts)
        return stub(texts)

    stamp = source.stat()
    os.utime(source)
    with pytest.raises(DataError, match="parts of another job"):
        run(source, tmp_path / "out.csv")
    os.utime(source, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    tally, _ = run(source, tmp_path / "out.csv", scorer=Scorer(count, TASK, CALIBRATION, "stub"))
    run(source, tmp_path / "whole.csv")
    assert len(seen) == 8, "four parts of three rows were there"
    assert tally.rows == 20
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_parts_that_lack_rows_are_made_again(tmp_path: Path) -> None:
    source, target = write_csv(tmp_path / "in.csv", rows=20), tmp_path / "out.csv"
    run(source, tmp_path / "whole.csv")

    def cut(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        if (tmp_path / "out.csv.parts" / "0000004.json").is_file():
            raise KeyboardInterrupt
        return stub(texts)

    with pytest.raises(KeyboardInterrupt):
        run(source, target, scorer=Scorer(cut, TASK, CALIBRATION, "stub"))
    (tmp_path / "out.csv.parts" / "0000002.jsonl").unlink()
    (tmp_path / "out.csv.parts" / "0000003.rejected").unlink()
    run(source, target)
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


SLOW = """
import io, sys, time
sys.path[:0] = {path!r}
from stub import CALIBRATION, TASK, stub
from potstill.scoring.formats import format_of
from potstill.scoring.job import Job, Scorer
from potstill.scoring.run_job import run_job
def slow(texts):
    time.sleep(0.02)
    return stub(texts)
job = Job({source!r}, {target!r}, format_of({source!r}), format_of({target!r}), part_rows=50)
run_job(job, Scorer(slow, TASK, CALIBRATION, "stub"), lambda *_: None, stdin=sys.stdin.buffer, stdout=sys.stdout.buffer)
"""


@pytest.mark.parametrize("target", ["out.csv.gz", "out.parquet"])
def test_kills_lose_and_double_no_row(tmp_path: Path, target: str) -> None:
    source = write_csv(tmp_path / "in.csv", rows=3000)
    here = [str(Path(__file__).parents[1])]
    code = SLOW.format(path=here, source=str(source), target=str(tmp_path / target))
    for kill in range(5):
        process = subprocess.Popen([sys.executable, "-c", code])
        parts = tmp_path / f"{target}.parts"
        deadline = time.monotonic() + 60
        while len(list(parts.glob("*.json"))) < 3 + 8 * kill and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (tmp_path / target).exists()
    subprocess.run([sys.executable, "-c", code], check=True)
    run(source, tmp_path / f"whole.{target}", part_rows=50)
    assert rows_of(tmp_path / target) == rows_of(tmp_path / f"whole.{target}")
    assert len(rows_of(tmp_path / target)) == 3000
