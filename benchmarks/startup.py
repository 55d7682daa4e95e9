"""How long commands take from their start, each in a fresh process, in turns.

    python benchmarks/startup.py --study runs/pilot [--packed FOLDER] [--before CHECKOUT] [--times 7] [--out NAME]

The study has a bundle (`potstill export runs/pilot`); a copy of it is worked on. `--packed` is a packed study, by
default the one of Wikipedia comments. With `--before` every command runs in another checkout too, straight after, so
that both see the same machine. `--out` keeps what was measured as NAME.json.

Seconds are those that a person waits; seconds of processor, all threads together, are what stays the same while other
work shares the machine. Files lie in the system's cache, as they do at the second command of a day.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from served import cpu_seconds

from potstill.inference.machine import available_threads, cpu_kind

ROOT = Path(__file__).resolve().parent.parent
TEXT = "Thanks, that solved it."
COMMANDS = (
    "plan",
    "run",
    "layers",
    "tune",
    "report",
    "pack",
    "upgrade",
    "predict",
    "export",
    "fetch",
    "score",
    "serve",
)


@dataclass(frozen=True)
class Task:
    """What is started: Python's arguments; `goal` in seconds on two quiet AVX2 cores, if there is one. A server is
    timed until it is ready, and `afresh` forgets what an earlier start noted in the cache."""

    name: str
    arguments: tuple[str, ...]
    goal: float | None = None
    serves: bool = False
    afresh: bool = False


@dataclass(frozen=True)
class Start:
    """One start: seconds from start to end or to readiness, and seconds of processor."""

    seconds: float
    processor: float


@dataclass(frozen=True)
class Row:
    """All starts of one task in one checkout."""

    task: str
    goal: float | None
    checkout: str
    starts: list[Start]

    def describe(self) -> str:
        """Median, smallest and largest wait; median seconds of processor."""
        waits = [start.seconds for start in self.starts]
        processor = median(start.processor for start in self.starts)
        return f"{median(waits):.2f} ({min(waits):.2f} to {max(waits):.2f}) | {processor:.2f}"


def tasks_of(study: Path, packed: Path) -> list[Task]:
    """Everything that is started; paths are those of the copies that may be written into."""
    potstill = ("-W", "ignore", "-m", "potstill")
    bundle = str(study / "bundle")
    return [
        Task("`import potstill`", ("-c", "import potstill"), goal=0.1),
        Task("`from potstill import predict`", ("-c", "from potstill import predict")),
        Task("`from potstill import report`", ("-c", "from potstill import report")),
        Task("`from potstill import plan`", ("-c", "from potstill import plan")),
        Task("`from potstill import run`", ("-c", "from potstill import run")),
        Task("`potstill --help`", (*potstill, "--help")),
        *(Task(f"`potstill {name} --help`", (*potstill, name, "--help")) for name in COMMANDS),
        Task("`predict`, a bundle", (*potstill, "predict", bundle, TEXT), goal=1.0),
        Task("`predict`, a bundle never opened before", (*potstill, "predict", bundle, TEXT), afresh=True),
        Task("`serve` until it is ready", (*potstill, "serve", bundle), goal=2.5, serves=True),
        Task("`predict`, a study's model", (*potstill, "predict", str(study), TEXT)),
        Task("`report`, the pilot", (*potstill, "report", str(study)), goal=8.0),
        Task("`report`, a packed study", (*potstill, "report", str(packed)), goal=8.0),
        Task("`plan`, the pilot", (*potstill, "plan"), goal=8.0),
    ]


def measure(task: Task, checkout: Path) -> Start:
    """Start a task with the code of a checkout."""
    with tempfile.TemporaryDirectory() as empty:
        environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "HF_HUB_OFFLINE": "1"}
        if task.afresh:
            environment["POTSTILL_CACHE"] = empty
        return _until_ready(task, environment) if task.serves else _until_ended(task, environment)


def _until_ended(task: Task, environment: dict[str, str]) -> Start:
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *task.arguments], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{task.name} ended with exit code {process.returncode}")
    return Start(seconds, usage.ru_utime + usage.ru_stime)


def _until_ready(task: Task, environment: dict[str, str]) -> Start:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    started = time.perf_counter()
    command = [sys.executable, *task.arguments, "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        while not _is_ready(port):
            if process.poll() is not None:
                raise SystemExit(f"{task.name} ended with exit code {process.returncode}")
            time.sleep(0.01)
        return Start(time.perf_counter() - started, cpu_seconds(process.pid))
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def measure_all(tasks: Sequence[Task], checkouts: dict[str, Path], times: int) -> list[Row]:
    """Every task in every checkout, `times` times round; a round before them is not counted."""
    rows = {(task.name, name): Row(task.name, task.goal, name, []) for task in tasks for name in checkouts}
    for number in range(times + 1):
        for task in tasks:
            for name, checkout in checkouts.items():
                start = measure(task, checkout)
                if number:
                    rows[task.name, name].starts.append(start)
        print(f"round {number} of {times}", file=sys.stderr, flush=True)
    return list(rows.values())


def machine() -> dict[str, str]:
    """What the times are of."""
    packages = ("torch", "transformers", "onnxruntime", "openvino", "scikit-learn", "scipy", "matplotlib")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    return {
        "processor": cpu_kind(), "threads": str(available_threads()), "load before": load,
        "python": sys.version.split()[0], "packages": versions,
    }  # fmt: skip


def table(rows: Sequence[Row]) -> Iterable[str]:
    """The rows as Markdown, in the order of the tasks."""
    yield "| started | goal, s | checkout | s | s of processor |"
    yield "|---|---|---|---|---|"
    for row in rows:
        goal = f"{row.goal:g}" if row.goal else ""
        yield f"| {row.task} | {goal} | {row.checkout} | {row.describe()} |"


def copy_study(study: Path, folder: Path) -> Path:
    """The study in a folder where reports may be written: they replace files and change none, so links will do."""
    return Path(shutil.copytree(study, folder / study.name, copy_function=_link))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # the folder is on another disk
        shutil.copy2(source, target)


def main() -> int:
    """Measure, print, and keep what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--study", type=Path, required=True, metavar="FOLDER", help="run and exported: runs/pilot")
    parser.add_argument("--packed", type=Path, default=ROOT / "docs/results/wiki_toxic", metavar="FOLDER")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another checkout, measured too")
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--out", type=Path, metavar="NAME", help="keep what was measured as NAME.json")
    arguments = parser.parse_args()
    checkouts = {"before": arguments.before.resolve()} if arguments.before else {}
    about = machine()
    with tempfile.TemporaryDirectory() as folder:
        study, packed = (copy_study(path, Path(folder)) for path in (arguments.study, arguments.packed))
        rows = measure_all(tasks_of(study, packed), {**checkouts, "now": ROOT}, arguments.times)
    lines = [f"{key}: {value}" for key, value in about.items()]
    print("\n".join([*lines, "", *table(rows)]))
    if arguments.out:
        content = {"machine": about, "rounds": arguments.times, "rows": [asdict(row) for row in rows]}
        arguments.out.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
