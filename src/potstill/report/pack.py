"""A study's results in a folder small enough to commit: no text, no weights, every figure."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from potstill.domain.errors import PotstillError
from potstill.ledger.files import folder_aside, write_file
from potstill.report.results import layer_files, load_results
from potstill.report.show import write_tables
from potstill.report.whom import SUBGROUPS

ROWS = "rows.npz"
EXACT_LABELS = 2


def pack(folder: Path, out: Path) -> int:
    """Write what a report is made of from the study in `folder` to `out`; its size in bytes.

    Logits of validation and test; labels, weights, categories and hashes of the rows; of every run its record: metrics,
    learning curve, cost, provenance. Of rejected rows their places are kept, not their texts. Logits of more labels
    than two are in half precision, which may move a table's third digit; of two it would make ties of an untrained
    arm's scores and move more.

    `potstill report` reads the packed folder as it reads the study's.

    Raises:
        PotstillError: `folder` is no study's, or `out` exists.
    """
    results = load_results(folder)
    if out.exists():
        raise PotstillError(f"{out} exists; remove it or name another folder with -o")
    with folder_aside(out) as aside:
        write_file(aside / "study.json", _compact(_without_texts(results.summary)))
        write_file(aside / ROWS, _smaller(folder / ROWS))
        for file in [*layer_files(folder), *folder.glob(SUBGROUPS)]:
            write_file(aside / file.name, file.read_bytes())
        for run in (run for arm in results.arms for run in arm.runs):
            place = aside / "ledger" / run.folder.name
            write_file(place / "run.json", run.record.model_dump_json(exclude_defaults=True).encode())
            if run.test is not None:
                write_file(place / "logits.npz", _smaller(run.folder / "logits.npz"))
        write_tables(aside, load_results(aside))
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def _without_texts(summary: dict[str, Any]) -> dict[str, Any]:
    """The study's own file without excerpts of rows, and without the way to files that will not be there."""
    account = dict(summary["account"])
    account["sources"] = [
        {**source, "examples": {reason: said.partition(":")[0] for reason, said in source.get("examples", {}).items()}}
        for source in account["sources"]
    ]
    return {key: value for key, value in summary.items() if key != "root"} | {"account": account}


def _smaller(path: Path) -> bytes:
    """Arrays in fewer bytes: wide logits in half precision, whole numbers in the narrowest type that holds them."""
    content = io.BytesIO()
    with np.load(path, allow_pickle=False) as arrays:
        np.savez_compressed(content, allow_pickle=False, **{name: _narrow(arrays[name]) for name in arrays.files})
    return content.getvalue()


def _narrow(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype == np.float32 and array.shape[1] > EXACT_LABELS:
        return array.astype(np.float16)
    if array.dtype == np.int64:
        return array.astype(np.min_scalar_type(int(array.max(initial=0))))
    return array


def _compact(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode()
