from pathlib import Path

import pytest
from rows import table, texts

from potstill.data.formats import read_table
from potstill.domain.errors import DataError


def test_several_files_and_patterns_are_one_table_with_every_row_once(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.csv"):
        (tmp_path / name).write_text(f"text,label\n{name} one,1\n{name} two,0\n")
    read = read_table(["c.csv", "*.csv"], tmp_path)
    assert [(row.number, row.place, row.values["text"]) for row in read.rows] == [
        (1, "c.csv, line 2", "c.csv one"),
        (2, "c.csv, line 3", "c.csv two"),
        (3, "a.csv, line 2", "a.csv one"),
        (4, "a.csv, line 3", "a.csv two"),
        (5, "b.csv, line 2", "b.csv one"),
        (6, "b.csv, line 3", "b.csv two"),
    ]
    assert read_table("[c].csv", tmp_path).rows[0].place == "line 2", "one file needs no name"
    assert read.fingerprint != read_table(["*.csv"], tmp_path).fingerprint
    with pytest.raises(DataError, match=r"x\*\.csv matches no file in"):
        read_table("x*.csv", tmp_path)
    (tmp_path / "d.csv").write_text("text,lable\na,1\n")
    with pytest.raises(DataError, match=r'd\.csv has no column "label", which c\.csv has'):
        read_table(["c.csv", "d.csv"], tmp_path)


def test_a_name_that_looks_like_a_pattern_is_the_file_if_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "rows [1].csv").write_text("text,label\nthis,1\n")
    assert texts(read_table("rows [1].csv", tmp_path)) == ["this"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.tsv", 'text\tlabel\n"a, b;\tc"\t1\n'),
        ("rows.csv", 'text;label\n"a, b;\tc";1\n'),
        ("rows.csv", 'text\tlabel\n"a, b;\tc"\t1\n'),
        ("rows.csv", 'text,label\n"a, b;\tc",1\n'),
        ("rows.csv", '\r\rtext;label\r"a, b;\tc";1\r'),
        ("rows.csv", '"text";"label"\n"a, b;\tc";"1"\n'),
        ("rows.csv", 'sep=;\ntext;label\n"a, b;\tc";1\n'),
        ("rows.csv", '\ufeffsep=;\r\ntext;label\r\n"a, b;\tc";1\r\n'),
        ("rows.csv", '"SEP=|"\n\ntext|label\n"a, b;\tc"|1\n'),
        ("rows.tsv", 'sep=,\ntext,label\n"a, b;\tc",1\n'),
    ],
)
def test_the_separator_is_told_by_the_first_line_or_the_name_or_the_header(
    tmp_path: Path, name: str, content: str
) -> None:
    assert table(tmp_path, content, name).rows[0].values == {"text": "a, b;\tc", "label": "1"}


HEADERS = {
    '"text, in short";label\n': ["text, in short", "label"],
    'label;"text, of a, b and c"\n': ["label", "text, of a, b and c"],
    '"a;b;c",text\n': ["a;b;c", "text"],
    '"text\nof; two; lines",label\n': ["text\nof; two; lines", "label"],
    '"text "";"" of",label\n': ['text ";" of', "label"],
    "text (de, fr);label;id\n": ["text (de, fr)", "label", "id"],
    '6" text;label\n': ['6" text', "label"],
    '"text, alone"\n': ["text, alone"],
    "sep=x\n": ["sep=x"],
    "sep=;,text\n": ["sep=;", "text"],
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_separator_within_quotes_does_not_count(tmp_path: Path, header: str) -> None:
    columns = HEADERS[header]
    assert table(tmp_path, header + header).columns == columns
    assert table(tmp_path, header + header).rows[0].values == dict(zip(columns, columns, strict=True))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_what_excel_writes_in_europe_is_read(tmp_path: Path, encoding: str) -> None:
    read = table(tmp_path, 'sep=;\r\ntext;label\r\n"Schön; ""na, ja""";1\r\n'.encode(encoding))
    assert [(row.line, dict(row.values)) for row in read.rows] == [(3, {"text": 'Schön; "na, ja"', "label": "1"})]
