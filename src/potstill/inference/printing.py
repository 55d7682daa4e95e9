"""Predictions on a terminal."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from potstill.domain.measures import Calibration
from potstill.domain.predictor import Prediction
from potstill.domain.task import Task
from potstill.inference.languages import LanguageCheck

NO_ANSWER = "-  -"
"""In place of a label and a probability."""
_JOINERS = "\u200c\u200d\u00ad"
"""Within words and emoji; not printable to Python, and harmless."""


def print_predictions(
    texts: Sequence[str], predictions: Sequence[Prediction | None], task: Task, calibration: Calibration,
    console: Console,
) -> None:  # fmt: skip
    """A line for each text: the label, its probability, the text; then what each threshold means. None stands for a
    text without an answer."""
    for text, prediction in zip(texts, predictions, strict=True):
        said = f"{prediction.label}  {prediction.probability:.3f}" if prediction else NO_ANSWER
        # As plain text: a comment is no markup, has no emoji codes, breaks no line and moves no cursor.
        line = f"{said}  {_on_a_line(text)}"
        console.print(Text(line), soft_wrap=True)
    named = dict(zip(task.labels, calibration.thresholds, strict=False))  # none, unless a text may carry several labels
    for name, threshold in {"": calibration.threshold, **named}.items():
        if threshold is not None:
            console.print(
                f"{escape(name)} threshold {threshold.value:.3f} ({escape(threshold.rule)}): on validation precision "
                f"{threshold.precision:.2f}, recall {threshold.recall:.2f}".strip(),
                style="dim",
                highlight=False,
            )


def without_answer(
    texts: Sequence[str], predictions: Sequence[Prediction | None], languages: LanguageCheck, say: Callable[[str], None]
) -> list[Prediction | None]:
    """The predictions without those of refused texts. Says which texts have none, which are in another language, and
    why languages are not checked: beside the lines of the texts, which programs count."""
    answered: list[Prediction | None] = []
    for number, (prediction, detection) in enumerate(zip(predictions, languages.detect(texts), strict=True), start=1):
        if prediction is None:
            say(f"text {number}: there is nothing in it that the model can read")
        elif detection.foreign:
            say(f"text {number} {languages.refusal(detection)}")
        answered.append(None if languages.is_strict and detection.foreign else prediction)
    if languages.note:
        say(languages.note)
    return answered


def _on_a_line(text: str) -> str:
    letters = (" " if letter.isspace() else letter for letter in text)
    return "".join(letter if letter.isprintable() or letter in _JOINERS else "\ufffd" for letter in letters)
