"""Which of several things no other beats on both sides."""

from collections.abc import Sequence


def on_front(costs: Sequence[float], qualities: Sequence[float]) -> list[bool]:
    """Whether nothing costs at most as much and is at least as good, and better in one of the two: the Pareto front."""
    points = list(zip(costs, qualities, strict=True))
    return [
        not any(other != point and other[0] <= point[0] and other[1] >= point[1] for other in points)
        for point in points
    ]
