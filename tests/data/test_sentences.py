"""The sentences that bundles are tried with are nobody's training rows."""

from pathlib import Path

import pytest
from sentences import HARMLESS, TOXIC

from potstill.data.formats import read_table
from potstill.data.pilot import pilot_rows
from potstill.domain.normalise import normalise

REAL = Path(__file__).parents[3] / "shared" / "data" / "wiki_toxic"
SENTENCES = {normalise(text).casefold() for text in (*TOXIC, *HARMLESS)}


def test_there_are_twenty_of_each() -> None:
    assert (len(TOXIC), len(HARMLESS), len(SENTENCES)) == (20, 20, 40)


def test_none_is_in_the_pilot_corpus() -> None:
    assert not SENTENCES & {normalise(row.text).casefold() for row in pilot_rows()}


@pytest.mark.parametrize("name", ["train.csv.gz", "validation.csv.gz"])
def test_none_is_in_the_real_files(name: str) -> None:
    if not REAL.is_dir():
        pytest.skip("../shared is not here")
    rows = read_table(str(REAL / name), Path()).rows
    assert not SENTENCES & {normalise(row.values["comment_text"] or "").casefold() for row in rows if not row.fault}
