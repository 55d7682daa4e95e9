"""Verdicts on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from potstill.domain.measures import Calibration
from potstill.domain.predictor import Verdict


def print_verdicts(
    texts: Sequence[str], verdicts: Sequence[Verdict], calibration: Calibration, console: Console
) -> None:
    """A line for each text: the label, its probability, the text; then what the threshold means."""
    for text, verdict in zip(texts, verdicts, strict=True):
        console.print(f"{escape(verdict.label)}  {verdict.probability:.3f}  {escape(text)}", highlight=False)
    threshold = calibration.threshold
    if threshold is not None:
        console.print(
            f"threshold {threshold.value:.3f} ({escape(threshold.rule)}): on validation precision "
            f"{threshold.precision:.2f}, recall {threshold.recall:.2f}",
            style="dim",
            highlight=False,
        )
