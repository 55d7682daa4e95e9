"""The one list of recipes: a new one is a file in this folder, its method in `methods/`, and a name in each union."""

from typing import Annotated, get_args

from pydantic import Field

from potstill.recipes.base import BaseRecipe
from potstill.recipes.finetune import Finetune
from potstill.recipes.hybrid import Hybrid
from potstill.recipes.lora import Lora
from potstill.recipes.progressive import Progressive
from potstill.recipes.small import Small
from potstill.recipes.student import Student
from potstill.recipes.untrained import Untrained

Recipe = Annotated[Student | Finetune | Untrained | Lora | Hybrid | Progressive | Small, Field(discriminator="kind")]
RECIPES: tuple[type[BaseRecipe], ...] = get_args(get_args(Recipe)[0])
