import random
import time
from itertools import pairwise

import pytest

from potstill.serving.sentences import MOST_SENTENCES, sentences


def cut(text: str, language: str = "en") -> list[str]:
    return [text[begin:end] for begin, end in sentences(text, language)]


@pytest.mark.parametrize(
    "text",
    [
        "E.g. version 2.0 is out.",
        "Dr. Smith of the U.S. Army came at 5 p.m. with Mrs. J. K. Jones.",
        'He said "Stop it. Now!" and left.',
        "Wait... what?",
        "No way…he said.",
        "See example.com/a.b?c=d, i.e. the page.",
        "no end",
        "a\ud83d b",
    ],
)
def test_one_sentence_is_one(text: str) -> None:
    assert cut(text) == [text]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("E.g. version 2.0 is out. Get it!", ["E.g. version 2.0 is out.", "Get it!"]),
        ("Really?! Yes... Fine. ok", ["Really?!", "Yes...", "Fine.", "ok"]),
        ("this is lower. next is lower too", ["this is lower.", "next is lower too"]),
        ("“Hi.” “You fool.” Bye.", ["“Hi.”", "“You fool.”", "Bye."]),
        ("👍🏽 Good.  You fool!\nThanks", ["👍🏽 Good.", "You fool!", "Thanks"]),
        ("Hi!!! 😀 How are you?? 👩‍👩‍👧 ok", ["Hi!!!", "😀 How are you??", "👩‍👩‍👧 ok"]),
        ("他说：“你好。”今天天气很好。真的吗？", ["他说：“你好。”", "今天天气很好。", "真的吗？"]),
        ("क्या यह सही है? हाँ। ठीक है।", ["क्या यह सही है?", "हाँ।", "ठीक है।"]),
        ("no mark\r\nhere\n\n nor\u2028there\u0085end", ["no mark", "here", "nor", "there", "end"]),
        (" \n\t ", []),
        ("", []),
    ],
)
def test_several_are_told_apart_in_code_points(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_an_abbreviation_is_one_of_its_language() -> None:
    assert cut("Das ist z. B. gut. Ja.", "de") == ["Das ist z. B. gut.", "Ja."]
    assert cut("Foo bar. Baz qux.", "xx") == ["Foo bar.", "Baz qux."], "a language without rules has the usual marks"


def test_spans_of_any_text_are_in_order_and_leave_out_white_space_alone() -> None:
    generator = random.Random(0)
    letters = [
        "a",
        "B",
        ".",
        "!",
        "?",
        " ",
        "\n",
        "\r",
        "。",
        "…",
        '"',
        "“",
        "”",
        "(",
        ")",
        "👍🏽",
        "é",
        "\u200b",
        "Dr.",
        "1",
    ]
    for _ in range(500):
        text = "".join(generator.choices(letters, k=60))
        spans = sentences(text)
        assert all(begin < end for begin, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        assert "".join("".join(text[begin:end] for begin, end in spans).split()) == "".join(text.split())


def test_of_very_many_the_rest_is_one() -> None:
    spans = sentences("Yes. " * 400)
    assert len(spans) == MOST_SENTENCES
    assert spans[-1][1] == 400 * 5 - 1


@pytest.mark.parametrize("piece", [".", '"', "«", "(a. b) ", "a. ", "\n", "!?", "A.B.", "😀"])
def test_the_longest_comment_takes_no_time(piece: str) -> None:
    text = piece * (20_480 // len(piece.encode()))
    started = time.perf_counter()
    sentences(text)
    assert time.perf_counter() - started < 0.2
