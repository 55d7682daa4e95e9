"""A clean install without the lab: what it weighs, how soon it answers, and in how much memory.

    python benchmarks/shop.py --work FOLDER --bundle BUNDLE [--times 10]

Makes a virtual environment in FOLDER, installs the project as `pip install potstill` does, checks that neither torch
nor transformers is there, and starts `potstill predict` and `potstill serve` again and again.
"""

import argparse
import http.client
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from served import resident_mb

ROOT = Path(__file__).resolve().parent.parent
PORT = 8765
BODY = b'{"texts": ["Thanks, that solved it."]}'


def install(folder: Path) -> Path:
    """The Python of a new environment that has the project's base alone."""
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    command = [python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt"]
    subprocess.run([*command, ROOT], check=True)
    subprocess.run([*command, "--force-reinstall", "--no-deps", ROOT], check=True)  # as it is today
    for name in ("torch", "transformers"):
        is_there = subprocess.run([python, "-c", f"import {name}"], capture_output=True).returncode == 0
        assert not is_there, f"{name} is in the base install"
    return python


def predict_once(python: Path, bundle: Path) -> tuple[float, float]:
    """Seconds from start to end of a process that answers one text, and its peak memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen([python, "-m", "potstill", "predict", bundle, "a"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def serve_once(python: Path, bundle: Path) -> tuple[float, float]:
    """Seconds from start to the first answer of a server, and its resident memory then in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [python, "-m", "potstill", "serve", bundle, "--port", str(PORT)], stderr=subprocess.DEVNULL
    )
    try:
        while not _answers():
            assert process.poll() is None, "the server did not start"
            time.sleep(0.01)
        return time.perf_counter() - started, resident_mb(process.pid)
    finally:
        process.terminate()
        process.wait()


def _answers() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("POST", "/score", BODY, {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def main() -> int:
    """Install, then measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--times", type=int, default=10)
    arguments = parser.parse_args()
    python = install(arguments.work)
    size = sum(path.stat().st_size for path in (arguments.work / "venv").rglob("*") if path.is_file())
    bundle = sum(path.stat().st_size for path in arguments.bundle.rglob("*") if path.is_file())
    print(f"Installed: {size / 1e6:.0f} MB, without torch and transformers. The bundle: {bundle / 1e6:.1f} MB.")
    for name, measure in (("predict", predict_once), ("serve", serve_once)):
        measure(python, arguments.bundle)
        runs = [measure(python, arguments.bundle) for _ in range(arguments.times)]
        seconds, memory = [took for took, _ in runs], median(memory for _, memory in runs)
        spread = f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
        print(f"{name}: {spread} from start to the first answer, {memory:.0f} MB resident.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
