"""How long a large study's report takes, and how much memory.

    python benchmarks/report_size.py [--arms 12] [--seeds 5] [--rows 64000]

The study's scores are drawn, not trained. The report is made in a process of its own, as `potstill report` makes it.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from synthetic import write_study


def main() -> int:
    """Draw a study, report it, print what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--arms", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=64_000)
    arguments = parser.parse_args()
    with TemporaryDirectory() as place:
        arms = {f"arm-{n}": -0.02 * n for n in range(arguments.arms)}
        folder = write_study(Path(place), arms, rows=arguments.rows, seeds=range(arguments.seeds))
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "potstill", "report", folder], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        sizes = {path.name: path.stat().st_size for path in Path(place).glob("report.*")}
    print(
        f"{arguments.arms} arms, {arguments.seeds} seeds, {arguments.rows:,} test rows: {seconds:.1f} s, at most "
        f"{used.ru_maxrss / 1024:.0f} MB resident, exit code {status}; {sizes}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
