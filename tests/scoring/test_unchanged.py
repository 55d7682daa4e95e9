"""A file that does not stay as it is while it is read: that is said, whatever was read of it."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scored_files import run, write_csv
from stub import CALIBRATION, TASK, stub

from potstill.domain.errors import DataError
from potstill.domain.predictor import Logits
from potstill.scoring.job import Scorer


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"10,more,x\n")


def shrink(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def replace(path: Path) -> None:
    (path.parent / "new").write_bytes(path.read_bytes().replace(b"fool", b"wise"))
    (path.parent / "new").replace(path)


def edit(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"fool", b"wise"))


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "grows": (grow, r"changed while it was read \(.* bytes at the start, .* now\)"),
    "shrinks": (shrink, r"changed while it was read \(.* bytes at the start, .* now\)"),
    "is replaced": (replace, "changed while it was read:"),
    "is edited": (edit, "changed while it was read:"),
    "is removed": (Path.unlink, "was taken away while it was read"),
}


def changing(path: Path, change: Callable[[Path], None], after: int) -> Scorer:
    """Changes the file once when so many texts were read."""
    seen: list[str] = []

    def read(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
        before = len(seen)
        seen.extend(texts)
        if before < after <= len(seen):
            change(path)
        return stub(texts)

    return Scorer(read, TASK, CALIBRATION, "stub")


@pytest.mark.parametrize("after", [1, 10])
@pytest.mark.parametrize("kind", CHANGES)
def test_it_is_said_and_nothing_is_written(tmp_path: Path, kind: str, after: int) -> None:
    source, (change, said) = write_csv(tmp_path / "in.csv"), CHANGES[kind]
    with pytest.raises(
        DataError, match=f"in\\.csv {said}.*nothing is written; .*remove .*out.csv.parts and score again"
    ):
        run(source, tmp_path / "out.csv", scorer=changing(source, change, after))
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("kind", CHANGES)
def test_it_is_said_where_the_rows_went_to_a_stream(tmp_path: Path, kind: str) -> None:
    source, (change, said) = write_csv(tmp_path / "in.csv"), CHANGES[kind]
    with pytest.raises(DataError, match=f"{said}.*what was written is not to be used"):
        run(source, "-", scorer=changing(source, change, 5), to="csv")


def test_a_change_is_said_rather_than_the_damage_that_it_did(tmp_path: Path) -> None:
    packed = gzip.compress(b"text\n" + b"".join(b"row %d\n" % (row * 7919) for row in range(20_000)))
    (tmp_path / "in.csv.gz").write_bytes(packed)
    with pytest.raises(DataError, match="changed while it was read"):
        run(tmp_path / "in.csv.gz", tmp_path / "out.csv", scorer=changing(tmp_path / "in.csv.gz", shrink, 1))
    pq.write_table(
        pa.table({"text": [f"row {row}" for row in range(3_000)]}), tmp_path / "in.parquet", row_group_size=100
    )
    with pytest.raises(DataError, match="changed while it was read"):
        run(tmp_path / "in.parquet", tmp_path / "again.csv", scorer=changing(tmp_path / "in.parquet", shrink, 1))


def test_a_file_that_grows_faster_than_it_is_read_does_not_keep_the_job(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv")
    texts: list[str] = []

    def read(given: Sequence[str]) -> tuple[Logits, list[bool]]:
        texts.extend(given)
        assert len(texts) < 100
        with source.open("ab") as file:
            file.write(b"10,more,x\n" * 1_000)
        return stub(given)

    with pytest.raises(DataError, match="changed while it was read"):
        run(source, tmp_path / "out.csv", scorer=Scorer(read, TASK, CALIBRATION, "stub"))
