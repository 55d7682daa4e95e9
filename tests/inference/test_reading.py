from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest
from tiny import ODD_TEXTS, tiny_tokenizer

from potstill.domain.errors import ModelError
from potstill.domain.normalise import normalise
from potstill.domain.task import Task
from potstill.inference.batching import equal_batches
from potstill.inference.reading import Read, Reader, slices
from potstill.inference.text_model import TextModel


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("tokenizer")
    tiny_tokenizer().save_pretrained(folder)
    return (folder / "tokenizer.json").read_bytes()


def test_reading_is_what_transformers_reads(tokenizer: bytes) -> None:
    texts = ["you fool", "", "thanks a patch " * 30, *ODD_TEXTS]
    expected = tiny_tokenizer()([normalise(text) for text in texts], truncation=True, max_length=20)["input_ids"]
    read = Reader(tokenizer, max_length=20, long="truncate").read(texts)
    assert read.rows == expected
    assert read.owners == list(range(len(texts)))
    assert read.long[:3] == [False, False, True]


@pytest.mark.parametrize("words", [9, 10, 11, 17, 18, 26, 27])
def test_windows_overlap_cover_every_token_and_are_full(tokenizer: bytes, words: int) -> None:
    text = " ".join("abcdefghijklmnopqrstuvwxyz@"[:words])
    ids = Reader(tokenizer, max_length=64, long="windows").read([text]).rows[0][1:-1]
    read = Reader(tokenizer, max_length=12, long="windows").read([text, "b"])
    windows = [row[1:-1] for row in read.rows[:-1]]
    starts = [ids.index(window[0]) for window in windows]
    assert windows == [ids[start : start + 10] for start in starts]
    assert starts[0] == 0
    assert starts[-1] + len(windows[-1]) == words
    assert all(1 <= after - before <= 8 for before, after in pairwise(starts)), "two tokens at least stand in both"
    assert read.owners == [0] * len(windows) + [1]
    assert read.long == [words > 10, False]


def test_a_window_without_room_is_refused(tokenizer: bytes) -> None:
    with pytest.raises(ModelError, match="leaves no room"):
        Reader(tokenizer, max_length=4, long="truncate")


@pytest.mark.parametrize("content", [b"{}", b"", b"\xff", b'{"model": {"type": "WordPiece"}}'])
def test_what_is_no_tokenizer_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="tokenizer does not open"):
        Reader(content, max_length=20, long="truncate")


def test_texts_are_cut_into_slices_of_so_many_characters() -> None:
    texts = ["aaa", "bb", "", "c" * 9, "d", "e"]
    assert [list(some) for some in slices(texts, 5)] == [["aaa", "bb", ""], ["c" * 9], ["d", "e"]]
    assert [list(some) for some in slices(texts, 1)] == [["aaa"], ["bb"], [""], ["c" * 9], ["d"], ["e"]]
    assert list(slices([], 5)) == []


def test_batches_hold_equal_lengths_within_the_budget() -> None:
    lengths = [3, 9, 3, 3, 200, 9, 3]
    batches = equal_batches(lengths, 9)
    assert sorted(row for batch in batches for row in batch) == list(range(7))
    assert batches == [[4], [1], [5], [0, 2, 3], [6]]
    found = [len(batch) for batch in equal_batches([2] * 27, 20)]
    assert found == [10, 10, 4, 1, 1, 1], "a length has three shapes"
    assert [len(batch) for batch in equal_batches([2] * 5, 6)] == [3, 1, 1]
    assert equal_batches(lengths, 1) == [[4], [1], [5], [0], [2], [3], [6]]
    assert equal_batches([], 9) == []


@pytest.mark.parametrize(("several", "wanted"), [(True, [[5, 2, 0], [0, 0, 9]]), (False, [[5, -1, 0], [0, 0, 9]])])
def test_windows_become_one_answer(several: bool, wanted: list[list[float]]) -> None:
    model = TextModel(cast(Any, None), cast(Any, None), Task(labels=("a", "b", "c"), multilabel=several))
    logits = np.array([[1, 2, 0], [5, -1, 0], [0, 0, 9]], dtype=np.float32)
    assert model.of_texts(Read([[1], [2], [3]], [0, 0, 1], [True, False]), logits).tolist() == wanted
