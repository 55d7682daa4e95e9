from pathlib import Path

import numpy as np
import pytest

from potstill.data.mentions import groups_by_term, read_mentions
from potstill.data.source import Source
from potstill.domain.errors import DataError
from potstill.domain.task import Task

TASK = Task(labels=("fine", "toxic"), positive="toxic")
SEEN = ["Seen  before old FRIEND"]
LABELS = {"0": "fine", "1": "toxic"}


def test_a_term_is_a_word_by_itself_in_any_case() -> None:
    texts = ["An old man", "OLD!", "told you", "the olds", "young"]
    groups = groups_by_term(texts, ["old", "blind"])
    assert {term: mask.tolist() for term, mask in groups.items()} == {"old": [True, True, False, True, False]}


def test_a_file_of_its_own_is_read_by_terms_or_by_a_column(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(
        "text,label,who\nan old fool,1,a\nmy old friend,0,b\nhello,0,\nhi,9,b\nseen before old friend,0,a\n"
    )
    source = Source(path="people.csv")
    mentions, account = read_mentions(
        source, TASK, seen=SEEN, labels=LABELS, terms=["old"], column=None, seed=0, root=tmp_path
    )
    assert mentions.positive.tolist() == [True, False, False]
    assert mentions.groups["old"].tolist() == [True, True, False]
    assert account.balances()
    assert account.rejected
    assert account.filtered == {"trained on or chosen by": 1}
    by_column, _ = read_mentions(source, TASK, seen=SEEN, labels=LABELS, terms=[], column="who", seed=0, root=tmp_path)
    assert {name: np.flatnonzero(mask).tolist() for name, mask in by_column.groups.items()} == {"a": [0], "b": [1]}


def test_other_labels_than_the_tasks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("text,label\nan old fool,BAD\nmy old friend,GOOD\n")
    with pytest.raises(DataError, match=r"has the labels \['BAD', 'GOOD'\], the task \['fine', 'toxic'\]"):
        read_mentions(
            Source(path="people.csv"), TASK, seen=SEEN, labels=None, terms=["old"], column=None, seed=0, root=tmp_path
        )
