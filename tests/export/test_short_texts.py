from bundles import TASK, TinyBundle

from potstill.domain.measures import Calibration, Threshold
from potstill.domain.readable import has_marks
from potstill.domain.task import Task
from potstill.export.short_texts import check_short_texts, describe, harmless_short_texts
from potstill.inference.bundle import open_bundle, read_info
from potstill.inference.info import ShortTexts


def calibration(value: float) -> Calibration:
    return Calibration(threshold=Threshold(value=value, rule="best_f1", precision=1, recall=1))


def test_the_list_is_of_different_short_texts() -> None:
    texts = harmless_short_texts()
    assert len(texts) == len(set(texts)) >= 60
    assert all(has_marks(text) and len(text.split()) <= 4 for text in texts)


def test_a_threshold_that_flags_greetings_is_warned_of(tiny_bundle: TinyBundle) -> None:
    model, said = open_bundle(tiny_bundle.folder, engine="onnx-fp32", threads=1).model, list[str]()
    result = check_short_texts(model, TASK, calibration(0.0), (), said.append)
    count = len(harmless_short_texts())
    assert result == ShortTexts(texts=count, flagged=count, such_as=harmless_short_texts()[:5])
    assert said == [
        f"warning: {count} of {count} harmless short texts are flagged, such as 'hi', 'Hi!', 'hello', 'Hello there', "
        "'hey', more than 5%: train with rows of their kind, or let a person look at what is short"
    ]
    said.clear()
    assert check_short_texts(model, TASK, calibration(1.0), ("en",), said.append) == ShortTexts(texts=count, flagged=0)
    assert said == []
    assert check_short_texts(model, TASK, calibration(0.0), ("de",), said.append) is None
    three = Task(labels=("a", "b", "c"))
    assert check_short_texts(model, three, Calibration(), (), said.append) is None, "nothing is flagged"


def test_a_bundle_and_its_card_have_the_figure(tiny_bundle: TinyBundle) -> None:
    short = read_info(tiny_bundle.folder).short_texts
    assert short
    assert short.texts == len(harmless_short_texts())
    card = (tiny_bundle.folder / "README.md").read_text()
    assert f"Of our own list, {describe(short)}." in card
    assert "Its languages are not declared." in card
    warned = any("harmless short texts" in line for line in tiny_bundle.said)
    assert warned == (short.flagged > 0.05 * short.texts)
