"""Kill a study with SIGKILL at twenty moments, continue each time, and compare with a run that was left alone.

    python benchmarks/kill_run.py [STUDY.toml] --work FOLDER

Four kills fall into the teacher's training, eight into the arms' training, four into an evaluation, and four between
the writing of a run and its renaming. It prints each kill, and at the end whether the two tables are equal in every
column but time and whether all logits are equal to the bit.
"""

import argparse
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.domain.study_folder import StudyFolder
from potstill.report.document import build_document
from potstill.report.render.markdown import markdown


@dataclass(frozen=True)
class Moment:
    """Kill `delay` seconds after the `occurrence`-th line that says that `what` began."""

    what: str
    occurrence: int
    delay: float

    def matches(self, line: str) -> bool:
        """Whether a log line is about this piece of work."""
        if self.what == "arm":
            return "begin " in line and ", seed " in line
        return f"begin {self.what}" in line


MOMENTS = [
    *(Moment("teacher", 1, delay) for delay in (0.3, 2.0, 5.0, 9.0)),
    *(Moment("arm", 1 + n % 2, 0.5 + n * 0.7) for n in range(8)),
    *(Moment("reading test", 1 + n % 2, 0.05) for n in range(4)),
    *(Moment("writing", 1 + n % 2, 0.0) for n in range(4)),
]


def start(study: list[str], runs: Path) -> subprocess.Popen[str]:
    """A study in a process of its own, its log on stderr."""
    command = [sys.executable, "-W", "ignore", "-m", "potstill", "-v", "run", *study, "--runs", str(runs)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def kill_at(process: subprocess.Popen[str], moment: Moment, runs: Path) -> bool:
    """Kill the process at the moment; False where it ended before."""
    wait = wait_for_partial if moment.what == "writing" else wait_for_line
    killed = wait(process, moment, runs)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return killed


def wait_for_line(process: subprocess.Popen[str], moment: Moment, runs: Path) -> bool:
    """Read the log until the moment's line has come so often, then sleep its delay."""
    assert process.stderr is not None
    seen = 0
    for line in process.stderr:
        seen += moment.matches(line)
        if seen == moment.occurrence:
            time.sleep(moment.delay)
            return process.poll() is None
    return False


def wait_for_partial(process: subprocess.Popen[str], moment: Moment, runs: Path) -> bool:
    """Watch the ledger until a run is written but not renamed."""
    drain(process)
    seen: set[Path] = set()
    while process.poll() is None:
        seen.update(runs.glob("*/ledger/.partial-*/run.json"))
        if len(seen) >= moment.occurrence:
            return True
    return False


def drain(process: subprocess.Popen[str]) -> None:
    """Read the log away, so that the process never waits for a reader."""
    assert process.stderr is not None
    read: Callable[[], str] = process.stderr.read
    threading.Thread(target=read, daemon=True).start()


def finish(study: list[str], runs: Path) -> Path:
    """Run the study to its end; its folder."""
    process = start(study, runs)
    drain(process)
    if process.wait():
        raise SystemExit(f"the study ended with exit code {process.returncode}")
    return next(path.parent for path in runs.glob("*/study.json"))


def table(folder: Path) -> str:
    """The report without its columns of time."""
    return markdown(build_document(analyse(load_results(folder)), timed=False))


def logits_differ(left_alone: StudyFolder, killed: StudyFolder) -> list[str]:
    """Runs of the first study whose logits are not the same to the bit in the second."""
    wrong: list[str] = []
    for path in sorted(left_alone.ledger.glob("*/logits.npz")):
        with np.load(path) as a, np.load(killed.ledger / path.parent.name / "logits.npz") as b:
            if any(not np.array_equal(a[name], b[name]) for name in a.files):
                wrong.append(path.parent.name)
    return wrong


def main() -> int:
    """Exit code 0 where all twenty kills fell and nothing differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("study", nargs="*", help="a study file; the pilot where none is named")
    parser.add_argument("--work", type=Path, required=True, help="an empty folder for both runs")
    arguments = parser.parse_args()
    cut, whole = arguments.work / "cut", arguments.work / "whole"
    fallen = 0
    for number, moment in enumerate(MOMENTS, start=1):
        killed = kill_at(start(arguments.study, cut), moment, cut)
        fallen += killed
        done = len(list(cut.glob("*/ledger/*-s*-*/run.json")))
        print(f"kill {number}: {moment} {'fell' if killed else 'came too late'}; {done} runs finished", flush=True)
    killed_study, left_alone = finish(arguments.study, cut), finish(arguments.study, whole)
    wrong = logits_differ(StudyFolder(left_alone), StudyFolder(killed_study))
    same = table(killed_study) == table(left_alone)
    print(f"{fallen} of {len(MOMENTS)} kills fell; tables equal: {same}; runs whose logits differ: {wrong or 'none'}")
    return 0 if same and not wrong and fallen == len(MOMENTS) else 1


if __name__ == "__main__":
    sys.exit(main())
