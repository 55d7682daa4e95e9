"""Where results lie unless a place is named."""

from pathlib import Path

RUNS = Path("runs")
"""Holds a folder for each study."""


def layer_search_folder(model: str | Path) -> Path:
    """Where `layers` writes what it found about a model."""
    return RUNS / f"layers-{Path(model).name}"
