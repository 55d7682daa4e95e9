from itertools import pairwise

import pytest
from odd_folders import byte_pairs
from tiny import ODD_TEXTS, tiny_tokenizer
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing

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


def test_a_text_without_tokens_is_the_blank_one() -> None:
    """A tokenizer that adds no special tokens makes nothing of nothing, and no engine reads a row of length 0."""
    content = byte_pairs().backend_tokenizer.to_str().encode()
    read = Reader(content, max_length=20, long="windows", blank=7).read(["", "ok", " \n "])
    assert read.rows[0] == read.rows[2] == [7]
    assert len(read.rows[1]) > 0
    assert read.owners == [0, 1, 2]


def test_special_tokens_are_found_around_a_word_that_the_tokenizer_knows() -> None:
    """It knows no "a": of nothing in between, both ends would stand behind a text."""
    tokenizer = Tokenizer(BPE({"<s>": 0, "</s>": 1, "o": 2, "k": 3, "ok": 4}, [("o", "k")]))
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    reader = Reader(tokenizer.to_str().encode(), max_length=20, long="windows")
    assert reader.read(["ok", ""]).rows == [[0, 4, 1], [0, 1]]
    assert reader.largest_id() == 4


def test_a_tokenizer_that_knows_no_word_is_refused() -> None:
    with pytest.raises(ModelError, match="makes no token of any word"):
        Reader(Tokenizer(BPE()).to_str().encode(), max_length=20, long="windows")
