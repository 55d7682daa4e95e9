"""Do the packed results still make the reports that stand beside them?

    python benchmarks/packed_reports.py [docs/results/NAME ...]

Every packed study's report is made again and held against its committed `report.json`, value by value (numbers to
1e-9, everything else exactly), and its `report.md`, line by line. The differences are printed; the exit code is 1 where
there is one.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from pydantic import JsonValue

from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.domain.study_folder import StudyFolder
from potstill.report.document import build_document
from potstill.report.prose import in_words
from potstill.report.render.markdown import markdown

RESULTS = Path("docs/results")
TOLERANCE = 1e-9
"""The last digits of sums differ between processors."""
MISSING = "nothing"


def packed_studies() -> list[Path]:
    """The folders of `docs/results` that are studies."""
    return sorted(folder for folder in RESULTS.iterdir() if StudyFolder(folder).is_study())


def differences(folder: Path) -> Iterator[str]:
    """Where the report that is made now differs from the one in the folder."""
    study = StudyFolder(folder)
    report = in_words(analyse(load_results(study)))
    committed: JsonValue = json.loads(study.report_file("json").read_bytes())
    yield from compare(committed, json.loads(report.model_dump_json()), "report.json")
    before = study.report_file("md").read_text(encoding="utf-8").splitlines()
    after = markdown(build_document(report)).splitlines()
    for number, (old, new) in enumerate(itertools.zip_longest(before, after, fillvalue=MISSING), start=1):
        if old != new:
            yield f"report.md, line {number}: {old} -> {new}"


def compare(before: JsonValue, after: JsonValue, place: str) -> Iterator[str]:
    """The values that differ, each with its place."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from compare(before.get(key, MISSING), after.get(key, MISSING), f"{place} {key}")
    elif isinstance(before, list) and isinstance(after, list):
        for number, (old, new) in enumerate(itertools.zip_longest(before, after, fillvalue=MISSING)):
            yield from compare(old, new, f"{place} {number}")
    elif not _same(before, after):
        yield f"{place}: {before} -> {after}"


def _same(before: JsonValue, after: JsonValue) -> bool:
    if type(before) in (int, float) and type(after) in (int, float):
        return abs(float(str(before)) - float(str(after))) <= TOLERANCE
    return type(before) is type(after) and before == after


def main() -> int:
    """Exit code 0 where every report is as it was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="default: all of docs/results")
    worst = 0
    for folder in parser.parse_args().folders or packed_studies():
        started, lines = perf_counter(), list(differences(folder))
        print(f"{folder}: {len(lines)} differences, {perf_counter() - started:.1f} s", flush=True)
        print("".join(f"  {line}\n" for line in lines), end="")
        worst = max(worst, len(lines))
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
