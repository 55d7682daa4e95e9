"""Words are located in the text as sent, and weighed by what the model says without them."""

import numpy as np
import pytest
from bundles import TinyBundle
from tiny import comments

from potstill.domain.task import Task
from potstill.inference.bundle import open_bundle
from potstill.inference.occlusion import MOST_WORDS, log_odds, marked, parts, strongest, variants, weights

THREE = Task(labels=("a", "b", "c"))
SEVERAL = Task(labels=("a", "b", "c"), multilabel=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \n", []),
        ("you fool", ["you", "fool"]),
        ('"You fool!", (he) said...', ["You", "fool", "he", "said"]),
        ("sh*t don't 1d10t", ["sh*t", "don't", "1d10t"]),
        ("👍🏽  ok !!!", ["👍🏽", "ok", "!!!"]),
        ("a\u2003b\ta", ["a", "b", "a"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    (part,) = parts(text)
    assert (part.begin, part.end) == (0, len(text))
    assert [text[begin:end] for begin, end in part.words] == words


def test_a_long_text_falls_into_parts_that_leave_nothing_out() -> None:
    text = "  " + " ".join(f"w{n}" for n in range(2 * MOST_WORDS + 3)) + " \n"
    cut = parts(text)
    assert [len(part.words) for part in cut] == [MOST_WORDS, MOST_WORDS, 3]
    assert "".join(text[part.begin : part.end] for part in cut) == text


def test_a_variant_lacks_one_word_and_nothing_else() -> None:
    text = "You fool, go."
    assert variants(text, parts(text)[0]) == ["You fool, go.", " fool, go.", "You , go.", "You fool, ."]


def test_log_odds_are_those_of_the_probability_and_stay_finite() -> None:
    logits = np.array([[0.0, 1.0, 2.0], [-500.0, 0.0, 500.0]], dtype=np.float32)
    share = np.exp(1.0) / np.exp([0.0, 1.0, 2.0]).sum()
    assert log_odds(logits, THREE, 1, 1.0)[0] == pytest.approx(np.log(share / (1 - share)))
    assert log_odds(logits, THREE, 2, 0.5)[1] == pytest.approx(1000)
    assert log_odds(logits, SEVERAL, 2, 0.5)[0] == pytest.approx(4)


def test_only_what_speaks_for_the_label_is_marked() -> None:
    words = [(0, 1), (2, 3), (4, 5), (6, 7)]
    assert marked(words, [2.0, 1.0, 0.9, -3.0], 0.5) == [(0, 1), (2, 3)]
    assert marked(words, [-1.0, -2.0, 0.0, -3.0], 0.5) == []
    assert marked([], [], 0.5) == []


def test_a_real_model_is_moved_by_the_word_that_it_learnt(tiny_bundle: TinyBundle) -> None:
    bundle = open_bundle(tiny_bundle.folder, engine="onnx-fp32")
    text = comments(1)[0][0]
    (part,) = parts(text)
    word_weights = weights(bundle(variants(text, part)), bundle.info.task, 1, 1.0)
    assert text[slice(*part.words[int(np.argmax(word_weights))])] == "fool"
    assert strongest(bundle(["good", text]), bundle.info.task, 1, 1.0) == 1
