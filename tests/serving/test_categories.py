import pytest

from potstill.domain.errors import PotstillError
from potstill.serving.categories import parse_categories


def test_categories_are_label_and_name() -> None:
    assert parse_categories(["toxic=harassment", "a=b=c"]) == {"toxic": "harassment", "a": "b=c"}
    for item in ("toxic", "toxic="):
        with pytest.raises(PotstillError, match=f"--map {item}: write LABEL=CATEGORY"):
            parse_categories([item])
