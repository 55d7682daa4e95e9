"""Which of several things nothing else beats in both cost and quality."""

from collections.abc import Sequence


def on_front(costs: Sequence[float], qualities: Sequence[float]) -> list[bool]:
    """Whether nothing costs at most as much and is at least as good, and better in one of the two: the Pareto front."""
    points = list(zip(costs, qualities, strict=True))
    return [
        not any(rival != point and rival[0] <= point[0] and rival[1] >= point[1] for rival in points)
        for point in points
    ]
