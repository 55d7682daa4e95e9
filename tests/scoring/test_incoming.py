import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from potstill.data.loading import load_dataset
from potstill.data.source import Source, Sources
from potstill.domain.errors import DataError
from potstill.scoring.formats import format_of
from potstill.scoring.incoming import open_incoming


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b"txt,label,x\x07\n1,1,1\n"),
        ("rows.csv", b"text,text,label\n1,1,1\n"),
        ("rows.jsonl", b'{"txt": "1", "label": "1"}\n'),
        ("rows.parquet", None),
    ],
)
def test_scoring_refuses_columns_in_the_words_of_a_study(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is None:
        pq.write_table(pa.table({"txt": ["1"], "label": ["1"]}), path)
    else:
        path.write_bytes(content)
    with pytest.raises(DataError) as study:
        load_dataset(Sources(Source(str(path))))
    with (
        pytest.raises(DataError) as scoring,
        open_incoming(path, io.BytesIO(), format_of(str(path)), "text") as incoming,
    ):
        list(incoming.rows)
    assert str(scoring.value) == str(study.value)
    assert str(path) in str(scoring.value)
