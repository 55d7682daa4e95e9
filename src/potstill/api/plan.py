"""What a study would run. It loads neither what trains nor what draws: whoever plans waits for neither."""

from pathlib import Path

from potstill.study.datasets import rows_of
from potstill.study.estimate import StudyPlan, estimate
from potstill.study.pilot import open_study


def plan(study: str | Path | None = None) -> StudyPlan:
    """What a study would run: its rows, arms, seeds, layers, parameters, and an estimate of the time. Nothing is spent.

    Args:
        study: a TOML file; None is the built-in pilot study.

    Raises:
        PotstillError: the file, its data or a layer plan is refused.
    """
    opened, root = open_study(study)
    return estimate(opened, *rows_of(opened, root), root)
