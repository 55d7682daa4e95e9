from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rows import table

from potstill.data.formats import read_table
from potstill.data.rows import LONGEST_FIELD
from potstill.domain.errors import DataError


def test_parquet_of_any_plain_type(tmp_path: Path) -> None:
    columns = {
        "text": pa.array(["one\n", None, "x" * (LONGEST_FIELD + 1), "👍"]),
        "label": pa.array([1, 0, None, 1], pa.int8()),
        "share": pa.array([0.5, float("nan"), 1.0, 2.0]),
        "raw": pa.array([b"abc", b"\xff", b"", b"d"]),
        "many": pa.array([[1], [], None, [2]]),
    }
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    read = read_table("rows.parquet", tmp_path)
    assert read.columns == list(columns)
    assert read.rows[0].values == {"text": "one\n", "label": "1", "share": "0.5", "raw": "abc", "many": None}
    assert [(row.place, row.fault) for row in read.rows] == [
        ("row 1", ""),
        ("row 2", "bad encoding"),
        ("row 3", "over-long field"),
        ("row 4", ""),
    ]


@pytest.mark.parametrize("content", [b"PAR1", b"text,label\na,1\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"rows\.parquet is not a whole Parquet file"):
        table(tmp_path, content, "rows.parquet")
