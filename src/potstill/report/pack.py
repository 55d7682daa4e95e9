"""A study's results in a folder small enough to commit: no text, no weights, every figure."""

import io
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from potstill.analysis.results import Run, load_results
from potstill.domain.dataset import SourceAccount
from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import RUN_FILE, StudyFolder
from potstill.domain.study_record import StudyRecord
from potstill.ledger.files import folder_aside, write_file
from potstill.ledger.seals import LOGITS, sealed
from potstill.report.files import write_tables

EXACT_LABELS = 2


def pack(folder: Path, out: Path) -> int:
    """Write what a report is made of from the study in `folder` to `out`; its size in bytes.

    Logits of validation and test; labels, weights, categories and hashes of the rows; of every run its record: metrics,
    learning curve, cost, provenance. Of rejected rows their places are kept, not their texts. Logits of more labels
    than two are in half precision, which may move a table's third digit; of two it would make ties of an untrained
    arm's scores and move more.

    `potstill report` reads the packed folder as it reads the study's.

    Raises:
        PotstillError: `folder` is not a study folder, or `out` exists.
    """
    results = load_results(folder)
    if out.exists():
        raise PotstillError(f"{out} exists; remove it or name another folder with -o")
    study = results.folder
    with folder_aside(out) as aside:
        packed = StudyFolder(aside)
        rows = _smaller(study.rows_file)
        record = _without_texts(results.record).model_copy(update={"rows_sha256": sha256(rows).hexdigest()})
        write_file(packed.record_file, record.model_dump_json(indent=1).encode())
        write_file(packed.rows_file, rows)
        for file in [*study.layer_search_files(), *[study.subgroups_file] * study.subgroups_file.is_file()]:
            write_file(aside / file.name, file.read_bytes())
        for run in (run for arm in results.arms for run in arm.runs):
            _pack_run(run, packed.run(run.record.key))
        write_tables(packed, load_results(packed))
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def _pack_run(run: Run, place: Path) -> None:
    if run.test is not None:
        write_file(place / LOGITS, _smaller(run.folder / LOGITS))
    write_file(place / RUN_FILE, sealed(run.record, place, compact=True))


def _without_texts(record: StudyRecord) -> StudyRecord:
    """The study's own file without excerpts of rows, and without the way to files that will not be there."""
    sources = [_without_excerpts(source) for source in record.account.sources]
    account = record.account.model_copy(update={"sources": sources})
    return record.model_copy(update={"root": None, "account": account})


def _without_excerpts(source: SourceAccount) -> SourceAccount:
    examples = {reason: said.partition(":")[0] for reason, said in source.examples.items()}
    return source.model_copy(update={"examples": examples})


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
