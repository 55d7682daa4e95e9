"""Predictions on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from potstill.domain.measures import Calibration
from potstill.domain.predictor import Prediction
from potstill.domain.task import Task
from potstill.inference.languages import LanguageCheck

NOTHING_TO_READ = "-  (nothing to read)"
"""In place of a label and a probability."""
_JOINERS = "\u200c\u200d\u00ad"
"""Within words and emoji; not printable to Python, and harmless."""


def print_predictions(
    texts: Sequence[str], predictions: Sequence[Prediction | None], task: Task, calibration: Calibration,
    console: Console, *, languages: LanguageCheck,
) -> None:  # fmt: skip
    """A line for each text: the label, its probability, the text, and a warning where it is in another language; then
    what each threshold means, and why languages were not checked."""
    for text, prediction, detection in zip(texts, predictions, languages.detect(texts), strict=True):
        refused = languages.is_strict and detection.foreign
        said = f"{prediction.label}  {prediction.probability:.3f}" if prediction and not refused else "-"
        if prediction is None:
            said = NOTHING_TO_READ
        # As plain text: a comment is no markup, has no emoji codes, breaks no line and moves no cursor.
        line = f"{said}  {_on_a_line(text)}"
        console.print(Text(line), soft_wrap=True)
        if prediction and detection.foreign:
            console.print(f"   ^ {languages.refusal(detection)}", style="yellow", highlight=False, markup=False)
    named = dict(zip(task.labels, calibration.thresholds, strict=False))  # none, unless a text may carry several labels
    for name, threshold in {"": calibration.threshold, **named}.items():
        if threshold is not None:
            console.print(
                f"{escape(name)} threshold {threshold.value:.3f} ({escape(threshold.rule)}): on validation precision "
                f"{threshold.precision:.2f}, recall {threshold.recall:.2f}".strip(),
                style="dim",
                highlight=False,
            )
    if languages.note:
        console.print(f"language: {languages.note}", style="dim", highlight=False, markup=False)


def _on_a_line(text: str) -> str:
    letters = (" " if letter.isspace() else letter for letter in text)
    return "".join(letter if letter.isprintable() or letter in _JOINERS else "\ufffd" for letter in letters)
