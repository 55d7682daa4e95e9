"""Whether a model flags greetings, thanks and numbers."""

from collections.abc import Callable, Sequence
from importlib.resources import files

from potstill.domain.measures import Calibration
from potstill.domain.predictor import predictions
from potstill.domain.task import Task
from potstill.inference.info import ShortTexts
from potstill.inference.text_model import TextModel

MOST_FLAGGED = 0.05
"""The share of the harmless short texts from which on an export warns."""
SHOWN = 5


def harmless_short_texts() -> list[str]:
    """Our own list, in English."""
    content = files("potstill.export").joinpath("short_texts.txt").read_text(encoding="utf-8")
    return [line for line in content.splitlines() if line and not line.startswith("#")]


def check_short_texts(
    model: TextModel, task: Task, calibration: Calibration, languages: Sequence[str], say: Callable[[str], None]
) -> ShortTexts | None:
    """Ask the model about the harmless short texts, and say so where it flags more than `MOST_FLAGGED` of them.

    None where there is nothing to be flagged (a text has one of several labels), or the model is for other languages.
    """
    if task.problem == "multiclass" or (languages and "en" not in languages):
        return None
    texts = harmless_short_texts()
    predicted = predictions(model(texts)[0], calibration, task)
    flagged = [text for text, prediction in zip(texts, predicted, strict=True) if prediction.flagged]
    result = ShortTexts(texts=len(texts), flagged=len(flagged), such_as=flagged[:SHOWN])
    if len(flagged) > MOST_FLAGGED * len(texts):
        say(
            f"warning: {describe(result)}, more than {MOST_FLAGGED:.0%}: train with rows of their kind, or let a "
            "person look at what is short"
        )
    return result


def describe(result: ShortTexts) -> str:
    """The figure in words."""
    such = f", such as {', '.join(f'{text!r}' for text in result.such_as)}" if result.such_as else ""
    return f"{result.flagged} of {result.texts} harmless short texts are flagged{such}"
