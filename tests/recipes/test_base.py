"""Settings of every recipe: where its rate comes from, and that none of them needs torch."""

import subprocess
import sys

import pytest
from pydantic import TypeAdapter

from potstill.recipes.base import BaseRecipe
from potstill.recipes.training import TrainingSettings
from potstill.recipes.union import RECIPES, Recipe

TRAINING = TrainingSettings(learning_rate=1e-4, epochs=3)


def recipe(**settings: object) -> BaseRecipe:
    return TypeAdapter(Recipe).validate_python(settings)


@pytest.mark.parametrize(
    ("settings", "searched", "rate"),
    [
        ({"kind": "student"}, None, 1e-4),
        ({"kind": "student"}, 5e-5, 5e-5),
        ({"kind": "student", "learning_rate": 2e-4}, 5e-5, 2e-4),
        ({"kind": "lora"}, None, 1e-4 * 10),
        ({"kind": "lora"}, 7e-4, 7e-4),
        ({"kind": "hybrid"}, None, 1e-4 * 10),
        ({"kind": "hybrid", "learning_rate": 3e-3}, None, 3e-3),
    ],
    ids=str,
)
def test_a_rate_is_the_recipes_own_or_the_searched_or_the_studys(
    settings: dict[str, object], searched: float | None, rate: float
) -> None:
    assert recipe(**settings).training_settings(TRAINING, searched).learning_rate == rate


def test_epochs_are_the_recipes_own_or_the_studys() -> None:
    assert recipe(kind="student").training_settings(TRAINING).epochs == 3
    assert recipe(kind="student", epochs=9).training_settings(TRAINING).epochs == 9


def test_every_recipe_describes_itself_in_a_line() -> None:
    for kind in RECIPES:
        settings = {"encoder": "small"} if "encoder" in kind.model_fields else {}
        description = kind.model_validate(settings).describe()
        assert description
        assert "\n" not in description


def test_recipes_need_no_torch() -> None:
    code = "import sys, potstill.recipes.union; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
