"""What labels are called in protocols that have categories of their own."""

from collections.abc import Mapping, Sequence

from potstill.domain.errors import PotstillError
from potstill.domain.task import Task


def parse_categories(items: Sequence[str]) -> dict[str, str]:
    """The category of each label, from LABEL=CATEGORY. Raises PotstillError for an item that is not of that form."""
    categories: dict[str, str] = {}
    for item in items:
        label, equals, category = item.partition("=")
        if not equals or not category:
            raise PotstillError(f"--map {item}: write LABEL=CATEGORY")
        categories[label] = category
    return categories


def check_categories(categories: Mapping[str, str], task: Task) -> None:
    """Raise PotstillError for a label that the model lacks."""
    for label, category in categories.items():
        if label not in task.labels:
            raise PotstillError(
                f"--map {label}={category}: write LABEL=CATEGORY; the labels are {', '.join(task.labels)}"
            )
