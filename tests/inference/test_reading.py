from itertools import pairwise

import pytest
from tiny import ODD_TEXTS, tiny_tokenizer

from potstill.domain.errors import ModelError
from potstill.domain.normalise import normalise
from potstill.inference.reading import Reader, slices


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
