"""Columns of scores, which are no labels: how toxic raters found a text, between 0 and 1."""

import math
from collections.abc import Iterable, Sequence

from potstill.domain.errors import DataError


def check_no_scores(name: str, column: str, values: Iterable[str]) -> None:
    """Raise DataError where the values of a label column, which come from `name`, are three numbers or more and not all
    of them whole: each would be a class of its own, 0.1 as unlike 0.2 as it is unlike 0.9."""
    different = set(values)
    numbers = [_number(value) for value in different]
    scores = sorted(number for number in numbers if number is not None)
    if len(scores) == len(different) > 2 and not all(score.is_integer() for score in scores):
        raise DataError(
            f'{name}: the label column "{column}" holds {len(different):,} different numbers, from {scores[0]:g} to '
            f"{scores[-1]:g}: scores, not labels. Cut them at a threshold into a column of 0 and 1, such as "
            f'"{column}" >= {_middle(scores):g}, or say with [data] labels which values are meant'
        )


def _number(value: str) -> float | None:
    try:
        number = float(value.replace("_", "?"))  # 1_000 is a number to Python, to nobody else
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _middle(scores: Sequence[float]) -> float:
    """A threshold as an example: half, where the scores lie between 0 and 1."""
    return 0.5 if scores[0] >= 0 and scores[-1] <= 1 else (scores[0] + scores[-1]) / 2
