from pathlib import Path

import pytest
from rows import plain, write

from potstill.data.loading import load_dataset
from potstill.data.source import Source, Sources
from potstill.data.unlabelled import with_unlabelled
from potstill.domain.errors import DataError


def test_texts_of_a_split_and_repeats_are_left_out_and_labels_are_not_looked_at(tmp_path: Path) -> None:
    data = load_dataset(Sources(write(tmp_path, "train.csv", plain(60))), root=tmp_path)
    known = [data.train.texts[0], data.validation.texts[0].upper(), data.test.texts[0]]
    write(tmp_path, "more.csv", [*((text, "?") for text in known), ("new", ""), ("NEW", 1), ("", 1)])
    more = with_unlabelled(data, Source("more.csv"), seed=0, root=tmp_path)
    assert list(more.unlabelled) == ["new"]
    account = more.account.sources[-1]
    assert account.source == "unlabelled: more.csv"
    assert account.filtered == {"in train": 1, "in validation": 1, "in test": 1, "repeated": 1}
    assert account.rejected == {"empty text": 1}
    write(tmp_path, "known.csv", [(text,) for text in known], "text")
    with pytest.raises(DataError, match=r"unlabelled: no usable row in known\.csv\. 3 rows: 1 left out \(in train\)"):
        with_unlabelled(data, Source("known.csv"), seed=0, root=tmp_path)
