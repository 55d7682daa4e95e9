"""Verdicts on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from potstill.domain.measures import Calibration
from potstill.domain.predictor import Answer


def print_answers(answers: Sequence[Answer], calibration: Calibration, console: Console) -> None:
    """A line for each text: the label, its probability, the text; then what the threshold means."""
    for answer in answers:
        console.print(f"{escape(answer.label)}  {answer.probability:.3f}  {escape(answer.text)}", highlight=False)
    threshold = calibration.threshold
    if threshold is not None:
        console.print(
            f"threshold {threshold.value:.3f} ({escape(threshold.rule)}): on validation precision "
            f"{threshold.precision:.2f}, recall {threshold.recall:.2f}",
            style="dim",
            highlight=False,
        )
